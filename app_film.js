// The film in the page: zoom, move, layers, frames and slices, ends of calipers. Runs after app_page.js in the same part
// of the page (`element`, `send` from there). What is drawn goes into the form beside it; nothing is measured here.
const views = (window.oslerViews ||= new Map());
const leafing = (window.oslerLeafing ||= { busy: null, wanted: null, since: 0, at: '' });

function inFilm(event, selector) {
  const found = event.target.closest(selector);
  return found && element.contains(found) ? found : null;
}

function heldView(figure) {
  const key = figure.dataset.film;
  if (!views.has(key)) views.set(key, { zoom: 1, x: 0, y: 0 });
  return views.get(key);
}

function place(figure) {
  const held = heldView(figure);
  const view = figure.querySelector('.o-film-view'), plane = figure.querySelector('.o-film-plane');
  const most = { x: plane.offsetWidth * (held.zoom - 1), y: plane.offsetHeight * (held.zoom - 1) };
  held.x = Math.min(0, Math.max(-most.x, held.x));
  held.y = Math.min(0, Math.max(-most.y, held.y));
  plane.style.transform = `translate(${held.x}px, ${held.y}px) scale(${held.zoom})`;
  view.dataset.zoomed = held.zoom > 1 ? 'yes' : '';
}

function fit(figure) {
  // A tall film is as wide as its height in the window allows.
  const view = figure.querySelector('.o-film-view'), plane = figure.querySelector('.o-film-plane');
  const edited = element.querySelector('.o-brush, .o-ends');
  const tall = window.innerHeight * (edited ? 0.42 : 0.62), wide = view.clientWidth;
  const aspect = parseFloat(plane.style.aspectRatio) || 1;
  if (wide > 0) plane.style.width = `${Math.min(wide, tall * aspect)}px`;
  place(figure);
}

function zoom(figure, factor, at) {
  const held = heldView(figure);
  const plane = figure.querySelector('.o-film-plane');
  const box = plane.getBoundingClientRect();
  const point = at || { x: box.left + box.width / 2, y: box.top + box.height / 2 };
  const next = factor ? Math.min(12, Math.max(1, held.zoom * factor)) : 1;
  held.x -= (point.x - box.left) * (next / held.zoom - 1);
  held.y -= (point.y - box.top) * (next / held.zoom - 1);
  held.zoom = next;
  place(figure);
}

// Where the pointer is, in stored pixels: what is shown may be turned.
function pixel(figure, event) {
  const box = figure.querySelector('.o-film-plane').getBoundingClientRect();
  const columns = +figure.dataset.columns, rows = +figure.dataset.rows, turn = figure.dataset.turn || '';
  const clamp = (value, most) => Math.min(most - 1, Math.max(0, value));
  let x = clamp(((event.clientX - box.left) / box.width) * columns - 0.5, columns);
  let y = clamp(((event.clientY - box.top) / box.height) * rows - 0.5, rows);
  if (turn.includes('m')) x = columns - 1 - x;
  if (turn.includes('f')) y = rows - 1 - y;
  return turn.includes('s') ? [y, x] : [x, y];
}

function moveEnd(circle, x, y) {
  const figure = circle.closest('.o-film'), name = circle.dataset.end;
  circle.setAttribute('cx', x.toFixed(1));
  circle.setAttribute('cy', y.toFixed(1));
  circle.setAttribute('aria-valuenow', x.toFixed(1));
  for (const line of figure.querySelectorAll('.l-calipers line')) {
    if (line.dataset.from === name) { line.setAttribute('x1', x); line.setAttribute('y1', y); }
    if (line.dataset.to === name) { line.setAttribute('x2', x); line.setAttribute('y2', y); }
    if (line.dataset.from === name && !line.dataset.to) line.setAttribute('y2', y);
  }
  for (const [axis, value] of [['x', x], ['y', y]]) {
    const field = element.querySelector(`input[name="${name}.${axis}"]`);
    if (field) field.value = value.toFixed(1);
  }
}

// -- frames and slices: one asked for at a time, the newest wish next ---------------------------------------------------

function leaf(figure, wish) {
  const { evidence, edits, frame, plane, window: shown } = figure.dataset;
  const asked = { evidence, edits, frame, plane: plane || '', window: shown || '', ...wish };
  const most = +figure.dataset.frames - 1;
  if (asked.frame !== '') asked.frame = String(Math.min(most, Math.max(0, +asked.frame)));
  if (wish.frame !== undefined) showPlace(figure, +asked.frame);
  leafing.wanted = asked;
  askLeaf();
}

function askLeaf() {
  // What was asked for and never came holds nothing up.
  if (leafing.busy && Date.now() - leafing.since < 8000) return;
  leafing.busy = leafing.wanted;
  leafing.wanted = null;
  leafing.since = Date.now();
  if (leafing.busy) trigger('leaf', leafing.busy);
}

function aimed(figure) {
  // The slice that the reader is on already, though its pixels may still be on their way.
  const asked = leafing.wanted || leafing.busy;
  const same = asked && asked.evidence === figure.dataset.evidence && asked.plane === (figure.dataset.plane || '');
  return same && asked.frame !== '' ? +asked.frame : +figure.dataset.frame;
}

function step(figure, by) {
  const now = aimed(figure), most = +figure.dataset.frames - 1;
  const next = Math.min(most, Math.max(0, now + by));
  if (next !== now) leaf(figure, { frame: String(next) });
}

function showPlace(figure, frame) {
  const slider = figure.querySelector('[data-leaf]');
  if (!slider) return;
  const said = `${slider.getAttribute('aria-label')} ${frame + 1} of ${figure.dataset.frames}`;
  slider.value = frame + 1;
  slider.setAttribute('aria-valuetext', said);
  figure.querySelector('.o-place').textContent = said;
}

function leafed() {
  // In the part that carries slices into the page: what has come takes the place of what is shown.
  const come = element.querySelector('.o-leaf');
  if (!come || come.dataset.at === leafing.at) return;
  leafing.at = come.dataset.at;
  leafing.busy = null;
  const parsed = document.createElement('template');
  parsed.innerHTML = come.dataset.figure;
  const fresh = parsed.content.querySelector('.o-film');
  const figure = document.querySelector('#o-panel .o-film');
  if (fresh && figure && figure.dataset.evidence === come.dataset.evidence) {
    const switched = figure.dataset.plane !== fresh.dataset.plane;
    for (const [name, value] of Object.entries(fresh.dataset)) figure.dataset[name] = value;
    const [from, to] = [fresh, figure].map((one) => one.querySelector('.o-film-plane'));
    to.querySelector('img').src = from.querySelector('img').getAttribute('src');
    to.querySelector('img').alt = from.querySelector('img').alt;
    to.querySelector('svg').replaceWith(from.querySelector('svg'));
    for (const name of ['.o-letters', '.o-film-told', '.o-end:first-child', '.o-end ~ .o-end']) {
      const [its, ours] = [fresh, figure].map((one) => one.querySelector(name));
      if (its && ours) ours.replaceWith(its.cloneNode(true));
    }
    for (const button of fresh.querySelectorAll('[aria-pressed]')) {
      const name = button.dataset.plane ? 'plane' : 'window';
      const ours = figure.querySelector(`.o-choice [data-${name}="${button.dataset[name]}"]`);
      if (ours) ours.setAttribute('aria-pressed', button.getAttribute('aria-pressed'));
    }
    const slider = figure.querySelector('[data-leaf]');
    if (slider) slider.max = fresh.dataset.frames;
    if (switched) {
      to.style.aspectRatio = from.style.aspectRatio;
      Object.assign(heldView(figure), { zoom: 1, x: 0, y: 0 });
      window.dispatchEvent(new Event('resize'));
    }
    if (!leafing.wanted) showPlace(figure, +fresh.dataset.frame);
    Object.assign(heldView(figure), { frame: fresh.dataset.frame, plane: fresh.dataset.plane, window: fresh.dataset.window });
    window.oslerDrawn?.();
  }
  if (leafing.wanted) window.oslerAskLeaf?.();
}

// -- gestures ------------------------------------------------------------------------------------------------------------

let drag = null;
element.addEventListener('pointerdown', (event) => {
  const figure = inFilm(event, '.o-film'), view = inFilm(event, '.o-film-view');
  if (!view || event.button) return;
  const end = event.target.closest('.l-end'), held = heldView(figure);
  view.setPointerCapture(event.pointerId);
  if (end) { end.focus(); drag = { end, figure }; }
  else drag = drawing(figure, event) || { figure, x: event.clientX - held.x, y: event.clientY - held.y, from: event.clientY, at: aimed(figure) };
  event.preventDefault();
  if (!end) view.focus({ preventScroll: true });
});
element.addEventListener('pointermove', (event) => {
  if (!drag) return;
  const held = heldView(drag.figure);
  if (drag.end) moveEnd(drag.end, ...pixel(drag.figure, event));
  else if (drag.draw) drag.draw(event);
  else if (held.zoom === 1 && +drag.figure.dataset.frames > 1) {
    // A whole picture cannot be moved: dragging up and down leafs through.
    const next = drag.at + Math.round((event.clientY - drag.from) / 6);
    if (next !== aimed(drag.figure)) step(drag.figure, next - aimed(drag.figure));
  } else {
    Object.assign(held, { x: event.clientX - drag.x, y: event.clientY - drag.y });
    place(drag.figure);
  }
});
for (const name of ['pointerup', 'pointercancel']) {
  element.addEventListener(name, (event) => {
    if (drag && drag.done) drag.done(event);
    drag = null;
  });
}
let turned = 0;
element.addEventListener('wheel', (event) => {
  const view = inFilm(event, '.o-film-view');
  if (!view) return;
  const figure = view.closest('.o-film'), stacked = +figure.dataset.frames > 1;
  if (stacked && !event.ctrlKey) {
    event.preventDefault();
    // A wheel turns in notches, a touchpad in many small steps.
    turned += event.deltaMode ? event.deltaY * 30 : event.deltaY;
    const steps = Math.trunc(turned / 30);
    turned -= steps * 30;
    if (steps) step(figure, Math.abs(event.deltaY) >= 90 ? Math.sign(steps) : steps);
    return;
  }
  if (!(event.ctrlKey || view.contains(document.activeElement))) return;
  event.preventDefault();
  zoom(figure, event.deltaY < 0 ? 1.25 : 0.8, { x: event.clientX, y: event.clientY });
}, { passive: false });
element.addEventListener('dblclick', (event) => {
  const view = inFilm(event, '.o-film-view');
  if (view && !chosenTool()) zoom(view.closest('.o-film'), 2, { x: event.clientX, y: event.clientY });
});
element.addEventListener('click', (event) => {
  const tool = inFilm(event, '[data-zoom]');
  if (tool) zoom(tool.closest('.o-film'), { in: 1.5, out: 1 / 1.5 }[tool.dataset.zoom] || 0);
  const choice = inFilm(event, '.o-choice button');
  if (choice && choice.dataset.plane) leaf(choice.closest('.o-film'), { plane: choice.dataset.plane, frame: '' });
  if (choice && choice.dataset.window) {
    const figure = choice.closest('.o-film');
    leaf(figure, { window: choice.dataset.window, frame: String(aimed(figure)) });
  }
});
element.addEventListener('input', (event) => {
  const slider = inFilm(event, '[data-leaf]');
  if (slider) leaf(slider.closest('.o-film'), { frame: String(slider.value - 1) });
});
element.addEventListener('change', (event) => {
  const layer = inFilm(event, '[data-layer]');
  if (layer) layer.closest('.o-film').toggleAttribute(`data-hide-${layer.dataset.layer}`, !layer.checked);
  const end = /^(\w+)\.[xy]$/.exec(event.target.name || '');
  const circle = end && element.querySelector(`.l-end[data-end="${end[1]}"]`);
  const held = circle && ['x', 'y'].map((axis) => parseFloat(element.querySelector(`input[name="${end[1]}.${axis}"]`).value));
  if (held && held.every(Number.isFinite)) moveEnd(circle, ...held);
});
element.addEventListener('keydown', (event) => {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  const end = inFilm(event, '.l-end'), view = inFilm(event, '.o-film-view');
  const figure = view && view.closest('.o-film'), stacked = figure && +figure.dataset.frames > 1;
  const leaves = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -1e6, End: 1e6 }[event.key];
  if (end && steps) {
    const far = event.shiftKey ? 10 : 1;
    moveEnd(end, +end.getAttribute('cx') + steps[0] * far, +end.getAttribute('cy') + steps[1] * far);
  } else if (stacked && leaves && !event.shiftKey) {
    step(figure, leaves);
  } else if (view && steps) {
    const held = heldView(figure);
    held.x -= steps[0] * 40;
    held.y -= steps[1] * 40;
    place(figure);
  } else if (view && ['+', '=', '-', '0'].includes(event.key)) {
    zoom(figure, { '-': 1 / 1.5, 0: 0 }[event.key] ?? 1.5);
  } else return;
  event.preventDefault();
});
function films() {
  leafed();
  for (const figure of element.querySelectorAll('.o-film')) {
    fit(figure);
    const held = heldView(figure);
    const other = ['frame', 'plane', 'window'].some((name) => held[name] !== undefined && held[name] !== figure.dataset[name]);
    // Whoever was on a slice stays there when the panel is drawn again.
    if (other && figure.dataset.plane !== undefined && figure.dataset.own === undefined) leaf(figure, { frame: held.frame, plane: held.plane, window: held.window });
  }
}
watch('value', films);
window.addEventListener('resize', () => {
  for (const figure of element.querySelectorAll('.o-film')) fit(figure);
});
