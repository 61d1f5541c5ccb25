// Builds everything a page loads into app/web/static/build: hashed names, and a manifest that the templates look up.
// Run by `npm run build`; nothing it writes is committed.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import esbuild from "esbuild";
import { PurgeCSS } from "purgecss";

const here = dirname(fileURLToPath(import.meta.url));
const app = resolve(here, "../..");
const modules = resolve(here, "../../../node_modules");
const out = resolve(here, "../static/build");
const manifest = {};

function filesUnder(folder, matches) {
  return readdirSync(folder).sort().flatMap((name) => {
    const path = join(folder, name);
    if (["node_modules", "build", "__pycache__"].includes(name)) return [];
    return statSync(path).isDirectory() ? filesUnder(path, matches) : matches(name) ? [path] : [];
  });
}

/** Names of all icons that templates draw (`icon("inbox")`), and those in icons.txt that code picks at run time. */
function iconNames() {
  const names = new Set(
    readFileSync(join(here, "icons.txt"), "utf8").split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#")),
  );
  for (const file of filesUnder(app, (name) => name.endsWith(".html"))) {
    for (const [, name] of readFileSync(file, "utf8").matchAll(/\bicon\(\s*["']([a-z0-9-]+)["']/g)) names.add(name);
  }
  return [...names].sort();
}

/** One SVG whose symbols are the Tabler outline icons, drawn with the thinner stroke of our design. */
function sprite() {
  const symbols = iconNames().map((name) => {
    const path = join(modules, "@tabler/icons/icons/outline", `${name}.svg`);
    if (!existsSync(path)) throw new Error(`No Tabler outline icon is called ${name}.`);
    const inner = readFileSync(path, "utf8").replace(/<!--[\s\S]*?-->/g, "").replace(/<svg[\s\S]*?>|<\/svg>/g, "").replace(/\s+/g, " ").trim();
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">${inner}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

function write(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const hashed = name.replace(/(\.\w+)$/, `-${hash}$1`);
  writeFileSync(join(out, hashed), content);
  manifest[name] = hashed;
}

/** The words of our pages and scripts that can be names of classes. Code has many words; there a class has a hyphen. */
function wordsUsed() {
  const words = new Set();
  const read = (matches, pattern) => {
    for (const file of filesUnder(app, matches)) for (const [word] of readFileSync(file, "utf8").matchAll(pattern)) words.add(word);
  };
  read((name) => name.endsWith(".html"), /[A-Za-z0-9_-]+/g);
  read((name) => name.endsWith(".js") || name.endsWith(".py"), /[a-z0-9]+(?:-[a-z0-9]+)+/g);
  return [...words].join(" ");
}

/** Tabler's variables that our own styles and drawings read. */
function variablesUsed() {
  const names = new Set();
  for (const file of filesUnder(app, (name) => /\.(css|js|html|py)$/.test(name))) {
    for (const [name] of readFileSync(file, "utf8").matchAll(/--tblr-[a-z0-9-]+/g)) names.add(name);
  }
  return [...names];
}

/** Of Tabler only what our pages name; our own styles stay whole. */
const onlyWhatIsUsed = {
  name: "only-what-is-used",
  setup(build) {
    build.onLoad({ filter: /tabler(\.min)?\.css$/ }, async ({ path }) => {
      const [purged] = await new PurgeCSS().purge({
        content: [{ raw: wordsUsed(), extension: "html" }],
        css: [{ raw: readFileSync(path, "utf8") }],
        safelist: { greedy: [/data-bs-theme/], variables: variablesUsed() },
        variables: true,
        keyframes: true,
        fontFace: true,
      });
      return { contents: purged.css, loader: "css" };
    });
  },
};

const entries = ["base.css", "base.js", "instance.css", "instance.js", "portal.js", "ticket.js"].map((name) => join(here, name)).filter(existsSync);

mkdirSync(out, { recursive: true });
const built = await esbuild.build({
  entryPoints: entries,
  outdir: out,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome120", "firefox120", "safari17"],
  nodePaths: [modules],
  loader: { ".woff": "file", ".woff2": "file", ".ttf": "file", ".eot": "file", ".svg": "file" },
  legalComments: "none",
  metafile: true,
  plugins: [onlyWhatIsUsed],
  logLevel: "warning",
});
for (const [path, output] of Object.entries(built.metafile.outputs)) {
  const source = output.entryPoint && basename(output.entryPoint);
  // An entry that imports CSS yields a second output, which esbuild names after the script.
  if (source) manifest[source] = relative(out, resolve(path));
  if (output.cssBundle) manifest[source.replace(/\.js$/, ".css")] = relative(out, resolve(output.cssBundle));
}
write("sprite.svg", sprite());
// Pressed once here, so that no request waits for it; `app/web/assets.py` sends what the browser takes.
const pressed = [];
for (const name of Object.values(manifest)) {
  const content = readFileSync(join(out, name));
  for (const [ending, press] of [["br", brotliCompressSync], ["gz", (plain) => gzipSync(plain, { level: 9 })]]) {
    writeFileSync(join(out, `${name}.${ending}`), press(content));
    pressed.push(`${name}.${ending}`);
  }
}
// The manifest is written last: whoever sees it sees every file that it names.
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 2));
// Files of earlier builds go last, so that a desk that is running never misses one it has just named.
const kept = new Set([...Object.keys(built.metafile.outputs).map((path) => basename(path)), ...Object.values(manifest), ...pressed, "manifest.json"]);
for (const name of readdirSync(out)) if (!kept.has(name) && !name.startsWith(".")) rmSync(join(out, name), { recursive: true });
console.log(`Built ${Object.keys(manifest).length} files for the browser.`);
