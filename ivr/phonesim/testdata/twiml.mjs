// Writes twiml.json: what Twilio's own library for node says TwiML may hold.
//
//   npm install twilio@6.2.0
//   node twiml.mjs node_modules/twilio > twiml.json
//
// It reads the type declarations: each class is an element, its methods are what may stand in it,
// and its attributes are an interface named after it. A list of values is an enumeration. Of the
// voices only those of Polly's standard and neural kinds are kept.
import { readFileSync } from 'node:fs'

const root = process.argv[2]
const version = JSON.parse(readFileSync(`${root}/package.json`)).version
const out = { source: `npm twilio ${version}, lib/twiml/*.d.ts` }
for (const [name, file] of [['voice', 'VoiceResponse'], ['messaging', 'MessagingResponse']]) {
  out[name] = declared(readFileSync(`${root}/lib/twiml/${file}.d.ts`, 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''), file)
}
console.log(JSON.stringify(out, null, 1))

function declared(source, top) {
  const values = {}
  for (const m of source.matchAll(/type (\w+) = ([^;]+);/g)) {
    values[m[1]] = [...m[2].matchAll(/"([^"]*)"/g)].map((v) => v[1])
  }
  const attributes = {}
  for (const m of source.matchAll(/interface (\w+)Attributes \{([^}]*)\}/g)) {
    attributes[m[1]] = {}
    for (const a of m[2].matchAll(/"?([\w:-]+)"?\?: (\w+)(\[\])?;/g)) {
      let type = values[a[2]] ?? a[2]
      if (Array.isArray(type) && type.length > 100) type = type.filter((v) => v.startsWith('Polly.') || /^[a-z-]+[A-Z]/.test(v))
      attributes[m[1]][a[1]] = type
    }
  }
  const elements = {}
  for (const m of source.matchAll(/class (\w+) extends TwiML \{([\s\S]*?)\n {0,4}\}/g)) {
    const element = m[1] === top ? 'Response' : m[1]
    const holds = [...m[2].matchAll(/\w+\([^)]*\): \w+\.(\w+);/g)].map((k) => k[1])
    elements[element] = { attributes: attributes[m[1]] ?? {}, holds: [...new Set(holds)].sort() }
  }
  return elements
}
