/** Imported first by every program: an old Node is refused before a native module can crash on it. */
const nodeMajorMin = 22;

if (Number.parseInt(process.versions.node, 10) < nodeMajorMin) {
  process.stderr.write(
    `Onsale needs Node ${nodeMajorMin} or newer, this is ${process.version}. ` +
      'Run it through npm (npm start), which brings its own Node.\n',
  );
  process.exit(1);
}
