// Builds dist/ from src/ and the packages in package.json. Run by `make web`; the result is
// committed. node build.mjs [--check]: with --check nothing is written and a difference fails.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile } from 'sass'
import { transform } from 'lightningcss'

const here = dirname(fileURLToPath(import.meta.url))
const at = (...p) => join(here, ...p)
const pkg = (...p) => at('node_modules', ...p)
const out = new Map()
const text = (p) => readFileSync(p, 'utf8')

// USWDS's colours, by what they mean here. A colour that is missing stops the build.
const meaning = {
  '#1b1b1b': 'ink', '#3d4551': 'ink', '#005ea2': 'teal', '#1a4480': 'teal-dark', '#162e51': 'teal-dark', '#54278f': 'teal',
  '#757575': 'slate', '#71767a': 'slate', '#565c65': 'slate', '#454545': 'slate', '#919191': 'slate', '#a9aeb1': 'slate',
  '#c9c9c9': 'disabled-tint', '#dfe1e2': 'line', '#e6e6e6': 'line', '#f0f0f0': 'soft', '#ffbe2e': 'amber', '#fa9441': 'amber',
  '#faf3d1': 'amber-tint', '#c05600': 'amber-text', '#775540': 'amber-text', '#b50909': 'red', '#d54309': 'red', '#d83933': 'red',
  '#9c3d10': 'red', '#8b0a03': 'red-dark', '#f4e3db': 'red-tint', '#00a91c': 'green', '#ecf3ec': 'green-tint', '#e7f6f8': 'teal-tint',
  '#e1f3f8': 'teal-tint', '#97d4ea': 'teal-tint', '#c3ebfa': 'teal-tint', '#00bde3': 'teal', '#28a0cb': 'teal', '#07648d': 'teal-dark',
}

function uswds() {
  let css = compile(at('src/uswds.scss'), { loadPaths: [pkg('@uswds/uswds/packages')], quietDeps: true, logger: { warn() {}, debug() {} } }).css
  css = css.replace(/@font-face\s*{[^}]*}/g, '')                          // ours are in 2-base.css
  css = css.replace(/^[^{};]*:[^;{}]*url\([^)]*\)[^;{}]*;/gm, '')         // icons are drawn without images
  css = css.replace(/(['"]?)Public Sans Web\1/g, '"Public Sans"')        // one family name
  css = css.replace(/(background(?:-color)?:\s*)(?:white|#fff(?:fff)?)\b/g, '$1var(--card)')
  css = css.replace(/(:\s*)(?:white|#fff(?:fff)?)\b/g, '$1var(--on-teal)')
  const unknown = new Set()
  css = css.replace(/#[0-9a-f]{3,8}\b/gi, (hex) => {
    const m = meaning[hex.toLowerCase()]
    if (!m) unknown.add(hex)
    return `var(--${m})`
  })
  if (unknown.size) throw new Error('colours without a meaning: ' + [...unknown].join(' '))
  return css
}

function stylesheet() {
  const own = readdirSync(at('src/css')).filter((f) => f.endsWith('.css')).sort().map((f) => text(at('src/css', f)))
  const source = [own[0], uswds(), ...own.slice(1)].join('\n').replace(/@charset[^;]*;/g, '')
  const { code } = transform({
    filename: 'muster.css', code: Buffer.from(source), minify: true,
    targets: { chrome: 105 << 16, firefox: 110 << 16, safari: (15 << 16) | (6 << 8) },
  })
  out.set('muster.css', Buffer.from(code))
}

function copies() {
  out.set('htmx.min.js', readFileSync(pkg('htmx.org/dist/htmx.min.js')))
  out.set('muster.js', readFileSync(at('src/muster.js')))
  for (const face of ['Regular', 'Bold']) {
    out.set(`fonts/PublicSans-${face}.woff2`, readFileSync(pkg(`@uswds/uswds/dist/fonts/public-sans/PublicSans-${face}.woff2`)))
  }
  for (const name of text(at('src/icons.txt')).split(/\s+/).filter(Boolean)) {
    out.set(`icons/${name}.svg`, readFileSync(pkg(`@uswds/uswds/dist/img/usa-icons/${name}.svg`)))
  }
  for (const f of readdirSync(at('src/img'))) out.set(f, readFileSync(at('src/img', f)))
}

stylesheet()
copies()
if (process.argv.includes('--check')) {
  const stale = [...out].filter(([f, b]) => !existsSync(at('dist', f)) || !readFileSync(at('dist', f)).equals(b)).map(([f]) => f)
  if (stale.length) {
    console.error('dist is not what src builds: ' + stale.join(', ') + '; run make web')
    process.exit(1)
  }
} else {
  rmSync(at('dist'), { recursive: true, force: true })
  for (const [f, b] of out) {
    mkdirSync(dirname(at('dist', f)), { recursive: true })
    writeFileSync(at('dist', f), b)
  }
  console.log(`${out.size} files, muster.css ${out.get('muster.css').length} bytes`)
}
