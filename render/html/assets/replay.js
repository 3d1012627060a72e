// A replay: the runs are those of the record, and nothing moves them.
const loadRuns = decodeRuns, loadSurface = decodeSurface, watchRuns = () => {}, placeHandle = () => {};
