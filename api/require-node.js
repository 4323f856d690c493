/**
 * Loaded before every program (`node --import`), in plain JavaScript: a Node that cannot run TypeScript as it is, or on
 * which a native module would crash, is refused in words.
 */
const oldest = [22, 18];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  process.stderr.write(
    `Onsale needs Node ${oldest.join('.')} or newer, this is ${process.version}. ` +
      'Run it through npm (npm start), which brings its own Node.\n',
  );
  process.exit(1);
}
