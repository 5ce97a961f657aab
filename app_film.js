// The film in the page: zoom, move, layers, frames, ends of calipers, brush. Runs after app_page.js in the same part of
// the page (`element`, `send` from there). What is drawn goes into the form beside it; nothing is measured here.
const views = (window.oslerViews ||= new Map());

function inFilm(event, selector) {
  const found = event.target.closest(selector);
  return found && element.contains(found) ? found : null;
}

function place(figure) {
  const held = views.get(figure.dataset.film) || { zoom: 1, x: 0, y: 0 };
  const view = figure.querySelector('.o-film-view'), plane = figure.querySelector('.o-film-plane');
  const most = { x: plane.offsetWidth * (held.zoom - 1), y: plane.offsetHeight * (held.zoom - 1) };
  held.x = Math.min(0, Math.max(-most.x, held.x));
  held.y = Math.min(0, Math.max(-most.y, held.y));
  plane.style.transform = `translate(${held.x}px, ${held.y}px) scale(${held.zoom})`;
  view.dataset.zoomed = held.zoom > 1 ? 'yes' : '';
  views.set(figure.dataset.film, held);
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
  const held = views.get(figure.dataset.film) || { zoom: 1, x: 0, y: 0 };
  const plane = figure.querySelector('.o-film-plane');
  const box = plane.getBoundingClientRect();
  const point = at || { x: box.left + box.width / 2, y: box.top + box.height / 2 };
  const next = factor ? Math.min(12, Math.max(1, held.zoom * factor)) : 1;
  held.x -= (point.x - box.left) * (next / held.zoom - 1);
  held.y -= (point.y - box.top) * (next / held.zoom - 1);
  held.zoom = next;
  views.set(figure.dataset.film, held);
  place(figure);
}

function pixel(figure, event) {
  const box = figure.querySelector('.o-film-plane').getBoundingClientRect();
  const columns = +figure.dataset.columns, rows = +figure.dataset.rows;
  const clamp = (value, most) => Math.min(most - 1, Math.max(0, value));
  return [clamp(((event.clientX - box.left) / box.width) * columns - 0.5, columns),
          clamp(((event.clientY - box.top) / box.height) * rows - 0.5, rows)];
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

function brush() {
  const form = element.querySelector('.o-brush');
  const mode = form && form.querySelector('input[name=brush]:checked').value;
  return mode ? { form, inside: mode === 'in', radius: +form.querySelector('[name=radius]').value } : null;
}

function keepStrokes(form, strokes) {
  form.querySelector('[name=strokes]').value = JSON.stringify(strokes);
  form.querySelector('.o-strokes').textContent = strokes.length ? `${strokes.length} drawn, not yet applied.` : 'No stroke yet.';
  const svg = element.querySelector('.o-film svg');
  for (const old of svg.querySelectorAll('.l-stroke')) old.remove();
  for (const stroke of strokes) {
    const line = document.createElementNS('http://www.w3.org/2000/svg', 'polyline');
    const points = stroke.points.length > 1 ? stroke.points : [stroke.points[0], stroke.points[0]];
    line.setAttribute('points', points.map((point) => point.join(',')).join(' '));
    line.setAttribute('class', `l-stroke ${stroke.inside ? 'in' : 'out'}`);
    line.setAttribute('stroke-width', stroke.radius * 2);
    svg.append(line);
  }
}

let drag = null;
element.addEventListener('pointerdown', (event) => {
  const figure = inFilm(event, '.o-film'), view = inFilm(event, '.o-film-view');
  if (!view || event.button) return;
  const end = event.target.closest('.l-end'), held = views.get(figure.dataset.film);
  const painting = end ? null : brush();
  view.setPointerCapture(event.pointerId);
  if (end) { end.focus(); drag = { end, figure }; }
  else if (painting) {
    const strokes = JSON.parse(painting.form.querySelector('[name=strokes]').value);
    strokes.push({ points: [pixel(figure, event).map((part) => +part.toFixed(1))], radius: painting.radius, inside: painting.inside });
    drag = { strokes, figure, form: painting.form };
    keepStrokes(painting.form, strokes);
  } else drag = { figure, x: event.clientX - held.x, y: event.clientY - held.y };
  event.preventDefault();
  if (!end) view.focus({ preventScroll: true });
});
element.addEventListener('pointermove', (event) => {
  if (!drag) return;
  if (drag.end) moveEnd(drag.end, ...pixel(drag.figure, event));
  else if (drag.strokes) {
    drag.strokes.at(-1).points.push(pixel(drag.figure, event).map((part) => +part.toFixed(1)));
    keepStrokes(drag.form, drag.strokes);
  } else {
    Object.assign(views.get(drag.figure.dataset.film), { x: event.clientX - drag.x, y: event.clientY - drag.y });
    place(drag.figure);
  }
});
for (const name of ['pointerup', 'pointercancel']) element.addEventListener(name, () => { drag = null; });
element.addEventListener('wheel', (event) => {
  const view = inFilm(event, '.o-film-view');
  if (!view || !(event.ctrlKey || view.contains(document.activeElement))) return;
  event.preventDefault();
  zoom(view.closest('.o-film'), event.deltaY < 0 ? 1.25 : 0.8, { x: event.clientX, y: event.clientY });
}, { passive: false });
element.addEventListener('dblclick', (event) => {
  const view = inFilm(event, '.o-film-view');
  if (view && !brush()) zoom(view.closest('.o-film'), 2, { x: event.clientX, y: event.clientY });
});
element.addEventListener('click', (event) => {
  const tool = inFilm(event, '[data-zoom]');
  if (tool) zoom(tool.closest('.o-film'), { in: 1.5, out: 1 / 1.5 }[tool.dataset.zoom] || 0);
  const undo = inFilm(event, '[data-undo]');
  if (undo) {
    const form = undo.closest('.o-brush');
    keepStrokes(form, JSON.parse(form.querySelector('[name=strokes]').value).slice(0, -1));
  }
});
element.addEventListener('change', (event) => {
  const layer = inFilm(event, '[data-layer]'), frame = inFilm(event, '[data-frame]');
  if (layer) layer.closest('.o-film').toggleAttribute(`data-hide-${layer.dataset.layer}`, !layer.checked);
  if (frame) send('open', { evidence: frame.dataset.frame, frame: String(frame.value - 1) });
  if (event.target.name === 'brush') {
    const view = element.querySelector('.o-film-view');
    if (view) {
      view.dataset.mode = event.target.value ? 'draw' : '';
      view.scrollIntoView({ block: 'nearest' });
    }
  }
  const end = /^(\w+)\.[xy]$/.exec(event.target.name || '');
  const circle = end && element.querySelector(`.l-end[data-end="${end[1]}"]`);
  const held = circle && ['x', 'y'].map((axis) => parseFloat(element.querySelector(`input[name="${end[1]}.${axis}"]`).value));
  if (held && held.every(Number.isFinite)) moveEnd(circle, ...held);
});
element.addEventListener('keydown', (event) => {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  const end = inFilm(event, '.l-end'), view = inFilm(event, '.o-film-view');
  if (end && steps) {
    const far = event.shiftKey ? 10 : 1;
    moveEnd(end, +end.getAttribute('cx') + steps[0] * far, +end.getAttribute('cy') + steps[1] * far);
  } else if (view && steps) {
    const figure = view.closest('.o-film'), held = views.get(figure.dataset.film);
    held.x -= steps[0] * 40;
    held.y -= steps[1] * 40;
    place(figure);
  } else if (view && ['+', '=', '-', '0'].includes(event.key)) {
    zoom(view.closest('.o-film'), { '-': 1 / 1.5, 0: 0 }[event.key] ?? 1.5);
  } else return;
  event.preventDefault();
});
function films() {
  for (const figure of element.querySelectorAll('.o-film')) fit(figure);
}
watch('value', films);
window.addEventListener('resize', films);
