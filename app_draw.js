// Drawing on the film: brush, box, clicks and landmarks fill the form beside it, in stored pixels; nothing is sent until
// the form is. Runs after app_film.js in the same part of the page.
const SVG = 'http://www.w3.org/2000/svg';

function toolForm() {
  return document.querySelector('#o-panel .o-brush');
}

function chosenTool() {
  const chosen = toolForm()?.querySelector('input[name=brush]:checked');
  return chosen ? chosen.value : '';
}

function field(form, name) {
  return form.querySelector(`[name=${name}]`);
}

function strokesOf(form) {
  try { return JSON.parse(field(form, 'strokes').value); } catch { return []; }
}

function onSlice(figure) {
  // Slices are numbered from 0 in what is sent; a film has none.
  return figure.dataset.plane === undefined ? {} : { slice: +figure.dataset.frame };
}

function shape(parent, kind, attributes) {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent.append(made);
}

function drawnHere() {
  const form = toolForm(), figure = document.querySelector('#o-panel .o-film');
  const group = figure && figure.querySelector('.o-raw');
  if (!form || !group) return;
  for (const old of group.querySelectorAll('.l-stroke, .l-asked')) old.remove();
  const own = !figure.dataset.plane || figure.dataset.plane === '0';
  const here = figure.dataset.plane === undefined ? undefined : +figure.dataset.frame;
  const slice = field(form, 'slice');
  const strokes = field(form, 'strokes') ? strokesOf(form) : [];
  const size = Math.max(+figure.dataset.columns, +figure.dataset.rows) / 100;
  form.querySelector('.o-strokes').textContent = said(form, strokes, here !== undefined);
  figure.dataset.away = own ? '' : 'yes';
  if (!own) return;
  for (const stroke of strokes.filter((one) => one.slice === here)) {
    const points = stroke.points.length > 1 ? stroke.points : [stroke.points[0], stroke.points[0]];
    shape(group, 'polyline', { points: points.map((point) => point.join(',')).join(' '), class: `l-stroke ${stroke.inside ? 'in' : 'out'}`, 'stroke-width': stroke.radius * 2 });
  }
  if (here !== undefined && slice && slice.value && +slice.value - 1 !== here) return;
  const box = field(form, 'box') && numbers(field(form, 'box').value);
  if (box && box.length === 4) {
    const [left, top, right, bottom] = box;
    shape(group, 'rect', { class: 'l-asked', x: Math.min(left, right), y: Math.min(top, bottom), width: Math.abs(right - left), height: Math.abs(bottom - top) });
  }
  for (const name of ['clicks', 'marks']) {
    const lines = field(form, name) ? field(form, name).value.split('\n') : [];
    const places = lines.map(numbers).filter((place) => place.length >= 2);
    if (name === 'marks') {
      for (let at = 0; at + 1 < places.length; at += 2) shape(group, 'line', { class: 'l-asked', x1: places[at][0], y1: places[at][1], x2: places[at + 1][0], y2: places[at + 1][1] });
    }
    lines.forEach((line) => {
      const [x, y] = numbers(line);
      if (y !== undefined) shape(group, 'circle', { class: `l-asked ${/[-−]\s*$/.test(line) ? 'out' : 'in'}`, cx: x, cy: y, r: size });
    });
  }
}

// What was drawn and not sent yet, in words.
function said(form, strokes, sliced) {
  const lines = (name) => (field(form, name) ? field(form, name).value.split('\n').filter((line) => line.trim()).length : 0);
  const count = (number, word) => (number ? [`${number} ${word}${number > 1 ? 's' : ''}`] : []);
  const slices = new Set(strokes.map((stroke) => stroke.slice)).size;
  const where = sliced && slices > 1 ? ` on ${slices} slices` : '';
  const at = sliced && field(form, 'slice').value ? ` on slice ${field(form, 'slice').value}` : '';
  const pointed = [...count(lines('box') ? 1 : 0, 'box'), ...count(lines('clicks'), 'click'), ...count(lines('marks'), 'landmark')];
  const parts = [...count(strokes.length, 'stroke').map((words) => words + where), ...(pointed.length ? [pointed.join(' and ') + at] : [])];
  return parts.length ? `${parts.join(', ')}: not yet applied.` : 'Nothing drawn yet.';
}

function numbers(text) {
  return (text.match(/-?\d+(\.\d+)?/g) || []).map(Number);
}

function tenth(point) {
  return point.map((part) => +part.toFixed(1));
}

function setSlice(form, figure) {
  // What is pointed at lies on one slice: pointing on another begins anew.
  const slice = field(form, 'slice');
  if (!slice || figure.dataset.plane === undefined) return;
  const now = String(+figure.dataset.frame + 1);
  if (slice.value && slice.value !== now) for (const name of ['box', 'clicks', 'marks']) if (field(form, name)) field(form, name).value = '';
  slice.value = now;
}

// What a press on the film begins: null where no tool is chosen.
function drawing(figure, event) {
  const form = toolForm(), tool = chosenTool();
  if (!form || !tool || figure.dataset.away) return null;
  const at = tenth(pixel(figure, event));
  if (tool === 'in' || tool === 'out') {
    const strokes = strokesOf(form), part = field(form, 'part');
    const stroke = { points: [at], radius: +field(form, 'radius').value, inside: tool === 'in', ...onSlice(figure), ...(part ? { part: part.value } : {}) };
    strokes.push(stroke);
    const keep = () => { field(form, 'strokes').value = JSON.stringify(strokes); drawnHere(); };
    keep();
    return { figure, draw: (moved) => { stroke.points.push(tenth(pixel(figure, moved))); keep(); } };
  }
  setSlice(form, figure);
  if (tool === 'box') {
    const draw = (moved) => {
      const to = tenth(pixel(figure, moved));
      field(form, 'box').value = [Math.min(at[0], to[0]), Math.min(at[1], to[1]), Math.max(at[0], to[0]), Math.max(at[1], to[1])].join(', ');
      drawnHere();
    };
    return { figure, draw };
  }
  const name = tool === 'mark' ? 'marks' : 'clicks', end = tool === 'mark' ? '' : `, ${tool}`;
  const lines = field(form, name).value.split('\n').filter((line) => line.trim());
  field(form, name).value = [...lines, `${at.join(', ')}${end}`].join('\n');
  drawnHere();
  return { figure, draw: () => {} };
}

// How large the brush is, before it is pressed.
element.addEventListener('pointermove', (event) => {
  const view = inFilm(event, '.o-film-view'), figure = view && view.closest('.o-film');
  for (const old of element.querySelectorAll('.l-cursor')) old.remove();
  if (!figure || !['in', 'out'].includes(chosenTool()) || figure.dataset.away || event.pointerType === 'touch') return;
  const [cx, cy] = pixel(figure, event);
  shape(figure.querySelector('.o-raw'), 'circle', { class: 'l-cursor', cx, cy, r: field(toolForm(), 'radius').value });
});

element.addEventListener('click', (event) => {
  const undo = inFilm(event, '[data-undo]');
  if (!undo) return;
  const form = undo.closest('.o-brush');
  const pop = (name) => { field(form, name).value = field(form, name).value.trim().split('\n').slice(0, -1).join('\n'); };
  const filled = (name) => field(form, name) && field(form, name).value.trim();
  if (field(form, 'strokes') && strokesOf(form).length) field(form, 'strokes').value = JSON.stringify(strokesOf(form).slice(0, -1));
  else if (filled('clicks')) pop('clicks');
  else if (filled('marks')) pop('marks');
  else if (filled('box')) field(form, 'box').value = '';
  drawnHere();
});
element.addEventListener('input', (event) => {
  if (event.target.closest('.o-brush')) drawnHere();
});
element.addEventListener('change', (event) => {
  if (event.target.name !== 'brush') return;
  const view = document.querySelector('#o-panel .o-film-view'), figure = view && view.closest('.o-film');
  if (!view) return;
  view.dataset.mode = event.target.value ? 'draw' : '';
  // Drawing is done on the slices as they were taken.
  if (event.target.value && figure.dataset.away) leaf(figure, { plane: '0', frame: '' });
  view.scrollIntoView({ block: 'nearest' });
});
if (element.closest('#o-panel')) {
  window.oslerDrawn = drawnHere;
  window.oslerAskLeaf = askLeaf;
}
watch('value', drawnHere);
