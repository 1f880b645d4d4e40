/**
 * The table of errors. Every code is stable, is never used again for something else, says whose fault it is, and
 * is documented in docs/reference/errors.md (a test compares the two). Code crosses processes; classes and texts
 * do not, so everything matches on codes.
 */

export type Fault = 'policy' | 'operator' | 'plug-in' | 'host'

interface ErrorSpec {
  readonly fault: Fault
  readonly text: string
}

export const errorTable = {
  ERR_MODULE_UNREADABLE: { fault: 'operator', text: 'the module cannot be read' },
  ERR_MODULE_SIZE: { fault: 'policy', text: 'the module is empty or larger than 256 KiB' },
  ERR_MODULE_MALFORMED: { fault: 'policy', text: 'the file does not have the form of a WebAssembly module' },
  ERR_MODULE_FEATURE: {
    fault: 'policy',
    text: 'the module uses a part of WebAssembly that policies may not use',
  },
  ERR_MODULE_BOUND: { fault: 'policy', text: 'the module has more of something than a policy may have' },
  ERR_MODULE_INDEX: { fault: 'policy', text: 'the module refers to something that it does not have' },
  ERR_MODULE_IMPORT: {
    fault: 'policy',
    text: 'the module imports something other than the function env.abort',
  },
  ERR_MODULE_EXPORT: { fault: 'policy', text: 'the module does not export what a policy must export' },
  ERR_MODULE_MEMORY: {
    fault: 'policy',
    text: 'the module does not declare one unshared memory of at most 16 pages',
  },
  ERR_MODULE_INVALID: { fault: 'policy', text: 'the file is not a valid WebAssembly module' },
  ERR_ADMISSION_TIME: { fault: 'policy', text: 'the module took too long to be admitted' },
  ERR_ADMISSION_MEMORY: { fault: 'policy', text: 'the module took too much memory to be admitted' },
  ERR_ADMISSION_CRASH: {
    fault: 'host',
    text: 'the process that rewrote or tried the module did not end in order; please report it',
  },
  ERR_ADMISSION_VECTOR: { fault: 'policy', text: 'the policy does not answer as a vector expects' },
  ERR_POLICY_START: { fault: 'policy', text: 'the policy failed before its function was called' },
  ERR_POLICY_TRAP: { fault: 'policy', text: 'the policy trapped' },
  ERR_POLICY_ABORT: { fault: 'policy', text: 'the policy aborted' },
  ERR_POLICY_FUEL: { fault: 'policy', text: 'the policy used up its fuel' },
  ERR_POLICY_STACK: { fault: 'policy', text: 'the policy used up the stack' },
  ERR_POLICY_RESULT: { fault: 'policy', text: 'the policy returned something that is not a result record' },
  ERR_POLICY_TIME: {
    fault: 'policy',
    text: 'the policy used up its processor time and its evaluator was killed',
  },
  ERR_POLICY_SUSPECTED: {
    fault: 'policy',
    text: 'an evaluator ended while it was asked, and the question came again before the policy was cleared',
  },
  ERR_POLICY_QUARANTINED: {
    fault: 'policy',
    text: 'the policy is quarantined until the operator lifts it or there is a newer version',
  },
  ERR_POLICY_NONE: { fault: 'operator', text: 'no version of the policy is active' },
  ERR_AUDIT_BEHIND: {
    fault: 'operator',
    text: 'the audit log cannot keep up, and until it has nobody is asked',
  },
  ERR_REDIRECT_TARGET: {
    fault: 'policy',
    text: 'the policy redirects to a target that the operator has not listed',
  },
  ERR_CONFIG_UNREADABLE: { fault: 'operator', text: 'the configuration file cannot be read' },
  ERR_CONFIG_JSON: { fault: 'operator', text: 'the configuration file is not JSON' },
  ERR_CONFIG_SCHEMA: { fault: 'operator', text: 'the configuration does not follow its schema' },
  ERR_CONFIG_COLLISION: { fault: 'operator', text: 'two entries of the configuration claim the same thing' },
  ERR_CONFIG_VALUE: {
    fault: 'operator',
    text: 'a value in the configuration has no meaning on this machine',
  },
  ERR_CONFIG_POLICY: { fault: 'operator', text: 'a policy named in the configuration cannot be loaded' },
  ERR_VERSION_SUBJECT: { fault: 'operator', text: 'there are no versions of this in the store' },
  ERR_VERSION_REFUSED: { fault: 'policy', text: 'the version is not admitted' },
  ERR_ACTIVATION_PENDING: { fault: 'operator', text: 'a confirmation is due, or none is' },
  ERR_ACTIVATION_CONFLICT: { fault: 'operator', text: 'another version is active than was expected' },
  ERR_ACTIVATION_RATE: { fault: 'operator', text: 'too many activations' },
  ERR_ACTIVATION_BREAK_GLASS: { fault: 'operator', text: 'what must stay allowed would not be' },
  ERR_RELOAD: { fault: 'operator', text: 'the new configuration needs a restart' },
  ERR_COMMAND: { fault: 'operator', text: 'the host does not know this command' },
  ERR_ADMIN_LISTEN: { fault: 'operator', text: 'the admin API cannot be served' },
  ERR_API_TOKEN: { fault: 'operator', text: 'no token came with the request that is valid now' },
  ERR_API_ROLE: { fault: 'operator', text: 'the token is not allowed to do this' },
  ERR_API_UNKNOWN: { fault: 'operator', text: 'there is nothing here for this token' },
  ERR_API_REQUEST: { fault: 'operator', text: 'the request is not one that the admin API takes' },
  ERR_API_MEDIA: { fault: 'operator', text: 'the admin API takes no body of this type here' },
  ERR_API_SIZE: { fault: 'operator', text: 'the request is larger than it may be' },
  ERR_API_PRECONDITION: { fault: 'operator', text: 'the request does not say what it takes for active' },
  ERR_API_RATE: { fault: 'operator', text: 'too many requests' },
  ERR_API_BUSY: { fault: 'operator', text: 'the admin API has as much to do as it takes on' },
  ERR_JOB_LINE: { fault: 'operator', text: 'too many jobs wait' },
  ERR_JOB_TIME: { fault: 'operator', text: 'the job took too long' },
  ERR_JOB_ENDED: { fault: 'host', text: 'the process of the job ended without a result; please report it' },
  ERR_ENDPOINT_FOLDER: { fault: 'operator', text: 'the endpoint folder cannot be used safely' },
  ERR_ENDPOINT_IN_USE: { fault: 'operator', text: 'another process serves this endpoint' },
  ERR_ENDPOINT_LISTEN: { fault: 'operator', text: 'the endpoint cannot be created' },
  ERR_HOST_UNREACHABLE: { fault: 'operator', text: 'no running host answers' },
  ERR_SERVER_OPTION: { fault: 'operator', text: 'the server cannot be asked like this' },
  ERR_SERVICE_SYSTEM: { fault: 'operator', text: 'services are installed by this command on Windows only' },
  ERR_SERVICE_ARGUMENT: { fault: 'operator', text: 'the service cannot be installed like this' },
  ERR_SERVICE_LOG: { fault: 'operator', text: "the service's log folder cannot be used" },
  ERR_SERVICE_ACCESS: { fault: 'operator', text: 'only administrators of the machine may do this' },
  ERR_SERVICE_MISSING: { fault: 'operator', text: 'no such service is installed' },
  ERR_SERVICE_FOREIGN: { fault: 'operator', text: "the name is another program's" },
  ERR_SERVICE_START: { fault: 'operator', text: 'the service does not start' },
  ERR_SERVICE_TIME: { fault: 'host', text: 'the service did not start or stop in time' },
  ERR_SERVICE_MANAGER: { fault: 'operator', text: 'the service manager of Windows failed' },
  ERR_QUESTION_FILE: { fault: 'operator', text: 'the question is not a well-formed question' },
  ERR_SETTINGS_FILE: { fault: 'operator', text: 'the settings are not well-formed settings' },
  ERR_PLUGIN_SETTINGS: { fault: 'operator', text: "the plug-in's settings file cannot be used" },
  ERR_VECTORS_FILE: { fault: 'operator', text: 'the vectors are not well-formed vectors' },
  ERR_HISTORY_FILE: { fault: 'operator', text: 'the history cannot be checked' },
  ERR_RECORDING_FILE: { fault: 'operator', text: 'the recording is not one that can be replayed' },
  ERR_RECORDING_MODULE: {
    fault: 'operator',
    text: 'a module of the recording is not there, or not the one that was recorded',
  },
  ERR_RECORDING_WRITE: { fault: 'operator', text: 'the recording cannot be written' },
  ERR_IIS_UNREADABLE: { fault: 'operator', text: 'a configuration file of IIS cannot be read' },
  ERR_IIS_ENCODING: {
    fault: 'operator',
    text: 'a configuration file of IIS is not in the encoding that it seems to be in',
  },
  ERR_IIS_XML: { fault: 'operator', text: 'a configuration file of IIS is not well-formed XML' },
  ERR_IIS_SECTION: {
    fault: 'operator',
    text: 'the section for WinRM in this file is not one that IIS would take, or not in its place',
  },
  ERR_IIS_OTHER_PLUGIN: { fault: 'operator', text: 'another authorization plug-in is configured' },
  ERR_IIS_PLUGIN_PATH: { fault: 'operator', text: "this cannot be the plug-in's path in a web.config" },
  ERR_IIS_PLUGIN_FILE: { fault: 'operator', text: 'the plug-in file is not one that IIS can load' },
  ERR_IIS_POOL: { fault: 'operator', text: 'the application pool cannot load the plug-in' },
  ERR_IIS_CHANGED: { fault: 'operator', text: 'the file was changed by somebody else in the meantime' },
  ERR_FILE_READ: { fault: 'operator', text: 'a file, or who may change it, cannot be read' },
  ERR_FILE_WRITE: { fault: 'operator', text: 'a file cannot be written' },
  ERR_FILE_LOCKED: { fault: 'operator', text: 'another process is at work on this' },
  ERR_STORE_DAMAGED: { fault: 'operator', text: 'the store has something in it that the host did not write' },
  ERR_STORE_FORMAT: { fault: 'operator', text: 'a newer release wrote this store' },
  ERR_STORE_DIGEST: { fault: 'operator', text: 'a file of the store is not there, or not what was stored' },
  ERR_STORE_WRITE: { fault: 'operator', text: 'the store cannot be written' },
  ERR_STORE_VALUE: { fault: 'operator', text: 'the store does not take this' },
  ERR_STORE_FOLDER: { fault: 'operator', text: 'this folder cannot be used as a store or a backup' },
  ERR_AUDIT_OPEN: { fault: 'operator', text: 'the audit log cannot be opened' },
  ERR_AUDIT_DAMAGED: {
    fault: 'operator',
    text: 'the audit log has something in it that the host did not write',
  },
  ERR_AUDIT_WRITE: { fault: 'operator', text: 'the audit log cannot be written' },
  ERR_VERSION_UNKNOWN: { fault: 'operator', text: 'there is no such version' },
  ERR_VERSION_STATE: { fault: 'operator', text: 'the version is not in a state for this' },
  ERR_TOKEN_FILE: { fault: 'operator', text: 'the file of tokens cannot be used' },
  ERR_TOKEN_VALUE: { fault: 'operator', text: 'there cannot be such a token' },
  ERR_TOKEN_UNKNOWN: { fault: 'operator', text: 'there is no such token' },
  ERR_PROJECT_FOLDER: { fault: 'operator', text: 'the folder cannot be used as a policy project' },
  ERR_PROJECT_PACKAGE: { fault: 'operator', text: 'a package that compiles policies is not installed' },
  ERR_SDK_MISSING: { fault: 'operator', text: 'the packed SDK is not there' },
  ERR_CONNECTION_FOREIGN: {
    fault: 'operator',
    text: 'no tenant is configured for this application and this account',
  },
  ERR_CONNECTION_HELLO: {
    fault: 'plug-in',
    text: 'the connection did not begin with a hello that we understand',
  },
  ERR_CONNECTION_VERSION: {
    fault: 'operator',
    text: 'the plug-in and this host speak no common version of the wire; upgrade the older of the two',
  },
  ERR_CONNECTION_GARBAGE: {
    fault: 'plug-in',
    text: 'the connection sent a frame that was out of turn or malformed',
  },
  ERR_CONNECTION_SILENT: {
    fault: 'plug-in',
    text: 'the connection did not finish what it had begun to send',
  },
  ERR_CONNECTION_TOO_MANY: { fault: 'plug-in', text: 'the evaluator has as many connections as it serves' },
  ERR_BLOCK: { fault: 'plug-in', text: 'the request block is malformed' },
  ERR_NATIVE_MISSING: { fault: 'operator', text: 'a part of this installation is not there' },
  ERR_EVALUATOR_START: { fault: 'host', text: 'an evaluator process did not become ready' },
  ERR_CHANNEL: { fault: 'host', text: 'the channel to the plug-ins failed' },
  ERR_HOST_FAULT: {
    fault: 'host',
    text: 'the host met a state that it believed impossible; please report it',
  },
} as const satisfies Record<string, ErrorSpec>

export type ErrorCode = keyof typeof errorTable

/** An error of the table, with what is particular to this case. Its message is fit for an operator to read. */
export class PortcullisError extends Error {
  readonly code: ErrorCode
  readonly detail: string

  constructor(code: ErrorCode, detail = '') {
    super(`${errorTable[code].text}${detail === '' ? '' : `: ${detail}`} [${code}]`)
    this.name = 'PortcullisError'
    this.code = code
    this.detail = detail
  }
}
