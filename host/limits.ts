/**
 * Every bound of the host, with its reason, and the relations between them. The plug-in's bounds are in
 * native/plugin/limits.h, those of the layouts in wire/layout.ts.
 */

import { strict as assert } from 'node:assert'

/** A policy is small: the examples have 3 to 6 KiB, and eager compilation of 256 KiB takes tens of milliseconds. */
export const moduleBytesMax = 256 * 1024

/** Of WebAssembly's memory. */
export const PAGE_BYTES = 65_536

/** 1 MiB: reading over it costs at most a few cache misses an access, and zeroing it some 50 µs. */
export const memoryPagesMax = 16

/** A policy's table serves indirect calls; V8's own limit of ten million entries costs 270 MB. */
export const tableEntriesMax = 1000

/**
 * Fuel for one policy in one decision; its user and its operation question share it. At 5 ns a unit, the most that
 * `npm run bench` may show for any kernel, that is 5 ms.
 */
export const fuelPerDecision = 1_000_000

/** What an operator may give a tenant at most: half of what a counter of 32 bits holds, some seconds. */
export const fuelMax = 2 ** 30

/** Fuel for the start function, once for each instance. */
export const fuelPerStart = 1_000_000

/**
 * A slot is a parameter, a local or an operand, eight bytes at most on V8's stack: 256 KiB of its 984. The
 * rest is for what frames need beside slots, and for what the optimising compiler inlines.
 */
export const stackSlotsMax = 32_768

/** Return address, frame pointer, instance, feedback: what a frame of V8 has beside its slots. */
export const frameSlotsOverhead = 8

/** Functions inside one another: more is a mistake, not a policy. */
export const stackDepthMax = 512

/** The least that a frame counts as, so that one counter bounds both slots and depth. */
export const frameSlotsMin = stackSlotsMax / stackDepthMax

/**
 * Policies that an evaluator keeps ready: 2,000 with a page each take some 250 MiB. V8 reserves 10 GiB of address space for
 * each, of 128 TiB. What is beyond is loaded with its next question.
 */
export const residentsMax = 2_000

/** Memory and images of all of them: some have more than a page, up to 2 MiB together. */
export const residentBytesMax = 256 * 1024 * 1024

/** Processor time for one question. A decision takes well under a millisecond. */
export const processorMsMax = 100

/** Wall time for one question, for what uses no processor time. */
export const wallMsMax = 1000

/** How long a question that is asked again waits for the supervisor's word: a fifth of what WinRM's caller waits. */
export const heldMsMax = 200

/** What the supervisor waits before it gives that word: an evaluator that has just died is known of by then. */
export const blameGraceMs = 20

/** How long after a death its policy is not asked again for questions that come a second time. */
export const suspectMs = 2_000

/** So many evaluators may end themselves while they run one version, before it is quarantined. */
export const deathsMax = 2

/** How often one tenant's version may be activated in a minute, unless the operator says otherwise: each makes every evaluator compile. */
export const activationsPerMinute = 30

/** What "a minute" is there. */
export const activationWindowMs = 60_000

/** A provisional activation waits for its confirmation this long at most: a week, which a timer holds. */
export const confirmWithinMsMax = 7 * 24 * 3_600_000

/** An evaluator that is told to flip does so after the question that it is at, which its watchdog ends after a second. */
export const flipMsMax = 3_000

/** What a command's connection may be silent for. */
export const operatorMsMax = 5_000

/** What the admin API of a host elsewhere may take to answer what needs no work: networks are slower than sockets. */
export const remoteMsMax = 30_000

/** An operator's longest command is a push: a module in base64, settings of 32 KiB, and 256 vectors as people write them. */
export const operatorLineBytesMax = 4 * 1024 * 1024

/** What a command may take that has policies admitted: a thousand of them, on two slow cores. */
export const operatorWorkMsMax = 600_000

/** How long a file's replacement waits for whoever has the file open: a scanner of Windows reads it in a fraction of that. */
export const replaceMsMax = 2_000

/**
 * Versions of a subject whose bytes the store keeps. A version with its metered module has some tens of kilobytes usually and one
 * megabyte at the most; who goes back further than twenty uploads has the sources.
 */
export const versionsKept = 20

/**
 * Versions of a subject, refused ones among them: a push a day for 27 years. Journals are kept in memory, and a tenant that uploads
 * what is refused as fast as it may must not fill it.
 */
export const versionsMax = 10_000

/** Who did something, in the store: a SID, or an account with its domain, and what qualifies it. */
export const storeWhoUnitsMax = 256

/** Why, in the operator's words: a paragraph. */
export const storeWhyUnitsMax = 1_024

/** What the store keeps of a refusal's message: a dozen unmet vectors fit usually. What is longer is cut. */
export const storeMessageUnitsMax = 4_096

/** The vectors of a version: 256 of them, each with a long list of groups. */
export const storeVectorsBytesMax = 4 * 1024 * 1024

/** Tokens of the admin API: a few for each of some hundred tenants. Those that are of no use any more make room. */
export const tokensMax = 1_000

/** A token's life unless another is asked for, and the longest: a secret that nobody has looked at for a year is forgotten, not kept. */
export const tokenExpiresMs = 90 * 86_400_000
export const tokenExpiresMsMax = 366 * 86_400_000

/** How long a token that was revoked or has expired is still listed: as long as somebody may ask whose it was. */
export const tokenKeptMs = 90 * 86_400_000

/** How often a file of tokens is read again that could not be used and has not changed: what was in the way may have passed. */
export const tokenRetryMs = 1_000

/** The file of tokens: a thousand of them, each with the two longest names of accounts, escaped. */
export const tokenFileBytesMax = 4 * 1024 * 1024

/** A blob may be let go while a check or a backup reads: the journal says so then, and is read again so often at most. */
export const storeReadingsMax = 5

/** How long who reads a journal that is in use waits before a line without an end is one that stays so. */
export const storeTailMs = 200

/**
 * Records that wait for the disk of the audit log: four seconds of the most decisions that a host was seen to make. With half of them
 * it is behind, with a quarter it is behind no more.
 */
export const auditBacklogMax = 131_072

/** Units of their texts, which have some 500 each: so that long ones do not take the supervisor's memory. */
export const auditBacklogUnitsMax = 64 * 1024 * 1024

/** Beyond both there is room for acts and quarantines: no number of questions pushes out what an operator did. */
export const auditReserve = 1_024

/** What is handed to the thread that writes at once, and what that writes at once. */
export const auditBatchUnitsMax = 1024 * 1024

/** Under load records are made safe this often; what a crash of the machine takes is no more than that. */
export const auditSyncMs = 1_000

/** When nothing more has come for so long, what was written is made safe. */
export const auditIdleMs = 20

/** A write that failed is tried again after this long, doubling from first to last. */
export const auditRetryMsMin = 100
export const auditRetryMsMax = 5_000

/** How long a host that ends waits for its last records to be safe. */
export const auditCloseMsMax = 5_000

/** A file of the audit log, unless the operator chooses: some 100,000 decisions, and no more than an editor opens. */
export const auditFileBytes = 64 * 1024 * 1024

/** What the operator may choose: fewer makes many files, and a file of 256 MiB is read in two seconds when the host starts. */
export const auditFileBytesMin = 1024 * 1024
export const auditFileBytesMax = 256 * 1024 * 1024

/** With a retention in days a file ends after a day, so that a quiet host's records go too. */
export const auditFileMsMax = 24 * 3_600_000

/** How often a host looks for files whose time has come. */
export const auditRetainMs = 3_600_000

/** What a record keeps of a text that nobody has bounded before; the rest is cut, with its length. */
export const auditTextUnitsMax = 2_048

/** A decision has ten texts of 1,200 units at the most, and a unit takes six bytes if it is escaped. */
export const auditLineBytesMax = 256 * 1024

/** Problems of an audit log, and gaps in it, that are told one by one; the others are counted. */
export const auditToldMax = 20

/**
 * Processor time for each step of admission, in whole seconds because the system counts so. The dearest module is rewritten or
 * compiled in a fraction of one, and all vectors together have 1.3 s of fuel.
 */
export const admissionProcessorSMax = 5

/** Memory for each step beyond what a bare Node has: several times what the dearest module takes. */
export const admissionDataBytesMax = 512 * 1024 * 1024

/** Wall time for each step, for what uses no processor time. Six times that, because a machine may be busy with others. */
export const admissionWallMsMax = 30_000

/** What a step may say: the largest metered module with a list of exports, or 256 answers with long texts. */
export const admissionOutputBytesMax = 4 * 1024 * 1024

/** A metered module goes to evaluators in one control frame of 1 MiB, in base64. The examples grow by a quarter. */
export const meteredBytesMax = 704 * 1024

/** Vectors of a policy: each may use all its fuel, and all of them have to fit in a step's processor time. */
export const vectorsMax = 256

/** Unmet vectors, or wrong lines in a file of vectors, that are told one by one. */
export const vectorProblemsShownMax = 20

/** What is shown of an expectation, and of the answer that came instead; what is longer is cut. */
export const vectorTextUnitsMax = 512

/** A figure above this share of its bound is worth a warning: a policy that grows will meet the bound. */
export const warningShare = 0.8

/** What a message of `env.abort`, and the file it names, may have; what is longer is cut. */
export const abortTextUnitsMax = 512

/** Evaluators: one for each core of the largest machine that we know to run IIS; the plug-in knows no more. */
export const evaluatorsMax = 64

/** What an evaluator had sent before it died is read within this time. */
export const lastWordsMsMax = 500

/** As in native/io/io.h: connections of plug-ins that one evaluator serves. */
export const evaluatorConnectionsMax = 4_096

/** As in native/io/io.h: an account is text, a SID at the longest. */
export const accountCharactersMax = 192

/**
 * Rows that `portcullis status` keeps of worker processes, one for each application in it: every one of a large machine, and
 * those that were refused lately. What is beyond is counted.
 */
export const plugInsMax = 512

/** How long a row stays of a process that has gone. One that is refused comes back within seconds while it lives. */
export const plugInKeptMs = 10 * 60_000

/** What is told of an application; its name is a path below "wsman/", and paths that people read are shorter. */
export const statusTextUnitsMax = 128

/** Tenants that a status tells of one by one, those asked last first. */
export const statusTenantsMax = 256

/** An operator's answer: the longest status with every unit escaped stays well below. */
export const operatorReplyBytesMax = 4 * 1024 * 1024

/** Of that, versions of all subjects that are asked for together. The rest is for what is said of each subject. */
export const versionsReplyUnitsMax = operatorReplyBytesMax / 4

/** A download's answer: 4 MiB of vectors are twice as long in JSON, with every quotation mark and end of line escaped. */
export const downloadReplyBytesMax = 10 * 1024 * 1024

/** Tenants in an answer about the configuration: some thousands as they usually are. The rest is for what is said of the host. */
export const configReplyUnitsMax = operatorReplyBytesMax / 2

/** Admission's latest reports: who looks at the versions of a dozen tenants has each of them made once. */
export const reportsKept = 256
/** What the latest decisions take that a host remembers, by estimate: some 60,000 of them. */
export const latestDecisionsBytesMax = 64 * 1024 * 1024

/** Of them at most, however short they are. */
export const latestDecisionsMax = 100_000

/**
 * What one takes at least, so that one bound holds both: an object with two dozen members, an id and two digests have been
 * measured to take 610 bytes.
 */
export const decisionBytes = Math.ceil(latestDecisionsBytesMax / latestDecisionsMax)

/** And for each unit of its texts: names outside Latin-1 take two bytes. */
export const decisionUnitBytes = 2

/** Latest decisions that are told at once, unless a question says how many, and at most. */
export const decisionsTold = 100
export const decisionsToldMax = 500

/** And what they may have together: the longest have 20 KiB with every unit escaped, and most have one. */
export const decisionsReplyUnitsMax = operatorReplyBytesMax / 4

/** How often who follows decisions asks for what has come since. */
export const followEveryMs = 500

/** Tenants that have series of their own in metrics. Those beyond are counted together: a collector keeps every series for weeks. */
export const metricsTenantsMax = 1_000

/** Of these with histograms, which are 32 series each. */
export const metricsHistogramsMax = 100

/** Digits of an audit log's head, at the least, for who expects one: those that a metric can tell, 48 bits. */
export const headDigitsMin = 12

/** Digits that name a version by its module's digest, at the least: fewer would hit by mistake. */
export const digestDigitsMin = 8

/** What waits for a serving evaluator that does not read: it gets verdicts, and a list of what is quarantined. */
export const backlogBytesMax = 8 * 1024 * 1024

/**
 * Decisions of one evaluator that are believed: several times what it decides with a policy that does nothing. So a number that
 * it makes up is not taken for a gap.
 */
export const decisionsPerSecondMax = 200_000

/** What is kept of anything that an evaluator prints: a stack trace fits. */
export const printedBytesMax = 4096

/** What a decision's record keeps of a caller's name, action and resource; the rest is cut, with its length. */
export const recordTextUnitsMax = 512

/** The longest record of a decision, with every unit escaped and with its question in base64. */
export const recordRoomBytes = 128 * 1024

/** How long a question waits for room for its record where there must be one: half of what the plug-in gives an attempt. */
export const recordRoomMsMax = 200

/** A file of a recording: some 40,000 decisions, and no more than an editor opens. */
export const recordingFileBytesMax = 64 * 1024 * 1024

/** Files of a recording, the one that is written among them: with their size 1 GiB, what a busy host decides in some hours. */
export const recordingFilesMax = 16

/** The longest line is a tenant's: 100 applications and its settings, with every unit escaped. */
export const recordingLineBytesMax = 4 * 1024 * 1024

/** Wall time for one replayed decision: guard and tenant with the most fuel that there is take a third of it. */
export const replayWallMsMax = 30_000

/** Memory of a process that replays, beyond what a bare Node has: policies' memory and images, modules, a batch of questions. */
export const replayDataBytesMax = 1024 * 1024 * 1024

/** Processor time of a process that replays. It lives as long as there are questions; a day's worth means that nobody looks. */
export const replayProcessorSMax = 24 * 3600

/** So many processes may end over the questions of one tenant before the rest of them is not asked any more. */
export const replayEndsMax = 8

/** Lines of a file of principals or of resources: a large company's people, and more resources than a machine has. */
export const sweepLinesMax = 100_000

/** Principals and operations of a sweep, as every process that sweeps has them: a quarter of its memory. */
export const sweepBytesMax = 256 * 1024 * 1024

/** What a process that sweeps may say at once: counts of all principals in some thousand points, and a few hundred examples. */
export const sweepAnswerBytesMax = 16 * 1024 * 1024

/** What a process that replays may say to one question: a few texts of 512 units, each unit escaped. */
export const replayAnswerBytesMax = 64 * 1024

/** A new evaluator loads koffi and compiles every policy; this tells a slow one from one that hangs. */
export const evaluatorReadyMsMax = 30_000

/** How long the supervisor waits for evaluators to finish what was accepted before it kills them. */
export const closeMsMax = 5_000

/** An evaluator that dies before it has served is started again after this long, doubling from first to last. */
export const restartMsMin = 100
export const restartMsMax = 5_000

/** A line of a history names one question or one activation: some 150 bytes, and the longest names, escaped, fit. */
export const historyLineBytesMax = 8_192

/** Questions of a history: each takes some 600 bytes of memory, and Node has 2 to 4 GiB. */
export const historyQuestionsMax = 3_000_000

/** Activations of a history: a thousand in a test; this is for those that run for days. */
export const historyActivationsMax = 1_000_000

/** Violations of one kind that are told one by one; the others are counted. One cause often breaks thousands of answers. */
export const historyViolationsMax = 10

/** Events around a violation that are shown: what people read through. */
export const historyAroundMax = 16

/** Connections to the admin API: the tools of operators and of some hundred tenants. */
export const apiConnectionsMax = 256

/** Of one address: half, so that no stranger has all of them, and a proxy before many tenants has enough. */
export const apiConnectionsOfAddressMax = 128

/** Of the admin API: the head of a request, and the whole of it. A module takes a second on the slowest line that is in use. */
export const apiHeadMsMax = 10_000
export const apiRequestMsMax = 30_000

/** How long an answer waits for a client that takes nothing of it: who does not read keeps a connection no longer. */
export const apiUnreadMsMax = 30_000

/** How long a connection to the admin API stays for another request. */
export const apiIdleMsMax = 60_000

/** The head of a request: a token, a reason of 1,024 units percent-encoded, and what clients add. */
export const apiHeadBytesMax = 16 * 1024

/** A JSON body that says what to do: a version's number and a reason. */
export const apiBodyBytesMax = 16 * 1024

/** A job's: principals and resources of a sweep, some thousand lines. */
export const apiJobBytesMax = 1024 * 1024

/** How often strangers can have the host asked whether it is ready. */
export const apiReadyMs = 1_000

/** What is read of a body that was refused, so that its sender hears why instead of a broken connection: twice the largest upload. */
export const apiDrainBytesMax = 2 * (storeVectorsBytesMax + moduleBytesMax)

/**
 * Uploads and reports under way at the same time, of all and of one token: an upload with its vectors takes 4 MiB, each has a module
 * admitted, and they must leave room among the commands that are under way.
 */
export const apiUploadsMax = 8
export const apiUploadsOfTokenMax = 2

/** Live streams of decisions, of all and of one token: each asks the host four times a second. */
export const apiStreamsMax = 32
export const apiStreamsOfTokenMax = 4

/** What a live stream holds for a client that does not read. */
export const apiStreamBytesMax = 1024 * 1024

/** Requests of one token in a minute, by what they cost: an admission, an activation, a look. */
export const apiUploadsPerMinute = 10
export const apiChangesPerMinute = 60
export const apiReadsPerMinute = 600

/** Requests of one address in a minute that need no token: a probe comes every second. */
export const apiOpenPerMinute = 600

/** Requests without a valid token, of one address in a minute: a tool that is set up wrongly is told so more than once. */
export const apiFailuresPerMinute = 30

/** Tokens and addresses whose requests are counted; those seen last. */
export const apiCountedMax = 10_000

/** How often the admin process says what it has answered. */
export const apiCountsMs = 5_000

/** JavaScript's memory of the admin process: uploads, streams and the results of jobs, each at its most, and as much again. */
export const adminHeapMegabytesMax = 1_024

/** Commands that the admin process has under way with the host, and those that wait. */
export const apiCommandsMax = 16
export const apiCommandsWaitingMax = 256

/** Jobs of one subject, and of all together, that wait or run: they run one at a time. One takes some megabytes while it waits. */
export const jobsOfSubjectMax = 4
export const jobsWaitingMax = 32

/** A job's wall time: a recording's million decisions take a minute. */
export const jobMsMax = 10 * 60_000

/** Results of jobs, of one subject and of all together, and how long they are kept: somebody waits for them. */
export const jobsKeptOfSubjectMax = 8
export const jobsKeptMax = 64
export const jobKeptMs = 3_600_000

/** JavaScript's memory of a job's process: it holds batches of a recording, or the points of a sweep twice. */
export const jobHeapMegabytesMax = 512

/** What a job comes to: counts, and some hundred examples with their texts. */
export const jobReportBytesMax = 2 * 1024 * 1024

assert(apiUploadsMax <= apiCommandsMax / 2, 'who only looks does not wait for admissions')
assert(Number.isInteger(frameSlotsMin) && frameSlotsMin > frameSlotsOverhead)
assert(fuelPerDecision <= fuelMax && fuelPerStart <= fuelMax)
assert(processorMsMax < wallMsMax, 'a policy that computes is judged by its own time, not by the clock')
assert(wallMsMax < closeMsMax, 'a question that was accepted is answered or killed before closing gives up')
assert(blameGraceMs * 2 < heldMsMax, 'the word comes before the question has waited too long')
assert(restartMsMin < restartMsMax)
/** Beside two accounts, of which a unit takes up to six characters, a token has short words and figures. */
assert(tokensMax * (2 * 6 * storeWhoUnitsMax + 1024) <= tokenFileBytesMax)
assert(decisionBytes >= 640, 'what is measured is less than what is counted')
assert(metricsHistogramsMax <= metricsTenantsMax)
/** A unit takes up to six characters in JSON; what else is in a row is as much again at the most. */
const plugInBytesMax = 2 * 6 * (accountCharactersMax + statusTextUnitsMax)
assert(
  plugInsMax * plugInBytesMax < operatorReplyBytesMax / 2,
  'the other half is for the tenants and the rest',
)
assert(auditIdleMs < auditSyncMs && auditSyncMs < auditCloseMsMax)
assert(auditRetryMsMin < auditRetryMsMax)
assert(auditFileBytesMin <= auditFileBytes && auditFileBytes <= auditFileBytesMax)
assert(admissionProcessorSMax * 1000 < admissionWallMsMax, 'a step that computes is judged by its own time')
