/**
 * Loaded before every program (`node --import`), in plain JavaScript: a Node that does not run TypeScript as it is, or on
 * which a native module would crash, is refused in words.
 */
if (!process.features.typescript) {
  process.stderr.write(
    `Onsale needs Node 22.18 or newer, this is ${process.version}. ` +
      'Run it through npm (npm start), which brings its own Node.\n',
  );
  process.exit(1);
}
