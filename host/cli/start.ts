/**
 * Where the scripts of a release begin: says what to install if this Node cannot run the command, before it reads the rest, of
 * which an older Node would name the first line that it does not understand. So this file uses nothing new and imports nothing.
 */

/** As "engines" in package.json. */
const needed = { major: 20, minor: 19 }

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isNewEnough = major > needed.major || (major === needed.major && minor >= needed.minor)

if (isNewEnough && process.arch === 'x64') {
  await import('./main.ts')
} else {
  const found = `${process.execPath} is Node ${process.versions.node} for ${process.arch}`
  const cure = `install an LTS release of Node, ${needed.major}.${needed.minor} or later for x64, or name one in PORTCULLIS_NODE`
  console.error(`portcullis: ${found}; ${cure}`)
  process.exitCode = 2
}

export {}
