/**
 * Loaded before every program (`node --import`), in plain JavaScript: a Node that does not run TypeScript as it is, or on
 * which a native module would crash, is refused in words; so is a folder whose packages have not been installed.
 */
if (!process.features.typescript) {
  const through =
    process.env.npm_lifecycle_event === undefined ? 'Run it through npm (npm start)' : 'Run npm install first';
  process.stderr.write(
    `Onsale needs Node 22.18 or newer, this is ${process.version}. ${through}, which brings its own Node.\n`,
  );
  process.exit(1);
}
try {
  import.meta.resolve('better-sqlite3');
} catch {
  process.stderr.write('Onsale needs packages that are not there. Run npm install first.\n');
  process.exit(1);
}
