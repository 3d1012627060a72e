// Surfaces that the page computes: in a worker made of the page's own scripts; in slices between frames where workers are
// refused. Requests are numbered, and what is shown is the answer to the newest one.
const BLANK = {rows: 2, columns: 2, height: new Float32Array(4).fill(NaN), hole: null}, SURFACE_SLICE = 8;
const surfaces = {worker: undefined, number: 0, waiting: new Map()};

function surfaceWorker() {
  try {
    const texts = ["emitted", "shared"].map(id => element(id).textContent);
    const url = URL.createObjectURL(new Blob([...texts, "\nself.onmessage=shared.answer;"], {type: "text/javascript"})), worker = new Worker(url);
    worker.onmessage = ({data: {number, surface}}) => {
      surfaces.waiting.get(number)?.take(surface);
      surfaces.waiting.delete(number);
    };
    worker.onerror = event => {  // refused, by the policy of a page around this one for example
      event.preventDefault();
      worker.terminate();
      surfaces.worker = null;
      for (const [number, {request, take}] of surfaces.waiting) sliceSurface(surfaceSteps(request), number, take);
      surfaces.waiting.clear();
    };
    return worker;
  } catch {
    return null;
  }
}

// Asks for a surface; returns the number of the request, under which `take` gets it.
function askSurface(request, take) {
  const number = ++surfaces.number;
  surfaces.worker = surfaces.worker === undefined ? surfaceWorker() : surfaces.worker;
  if (surfaces.worker) {
    surfaces.waiting.set(number, {request, take});
    surfaces.worker.postMessage({number, request});
  } else sliceSurface(surfaceSteps(request), number, take);
  return number;
}

function sliceSurface(steps, number, take) {
  setTimeout(() => {
    if (number !== surfaces.number) return;  // another surface is wanted by now; this one is asked for again if it is shown
    const begin = performance.now();
    let step;
    do step = steps.next(); while (!step.done && performance.now() - begin < SURFACE_SLICE);
    if (step.done) take(step.value); else sliceSurface(steps, number, take);
  });
}
