// Runs once for each HTML part of the page (`element`, `trigger`, `watch` come from Gradio). Clicks and forms become
// events for Python; what a reader opened stays open when the part is drawn again. No clinical logic, no requests.
const EVENTS = ['open', 'fix', 'reject', 'example', 'pick', 'reopen', 'begin', 'draft', 'calc'];
const page = (window.osler ||= { by: '', from: null });
const opened = new Map();
let shown = '';

function mark(name, value) {
  const desk = document.getElementById('o-desk');
  if (desk) desk.dataset[name] = value;
}

function send(name, data) {
  if (!EVENTS.includes(name)) return;
  if (name === 'open') {
    page.wanted = true;
    if (data.evidence) mark('panel', 'open');
  }
  if (name === 'draft') {
    page.wanted = true;
    mark('panel', 'open');
  }
  mark('busy', 'yes');
  trigger(name, data);
}

function closePanel() {
  mark('panel', '');
  const from = page.from && document.querySelector(page.from);
  if (from) from.focus();
  page.from = null;
}

element.addEventListener('click', (event) => {
  const summary = event.target.closest('summary');
  if (summary && summary.parentElement.dataset.key) {
    opened.set(summary.parentElement.dataset.key, !summary.parentElement.open);
    return;
  }
  const button = event.target.closest('button[data-do]');
  if (!button || !element.contains(button)) return;
  const what = button.dataset.do;
  if (what === 'close') return closePanel();
  if (what === 'theme') {
    const dark = document.body.classList.toggle('dark');
    try { localStorage.setItem('osler-theme', dark ? 'dark' : 'light'); } catch { /* private mode */ }
    return;
  }
  if (what === 'back') return send('open', { evidence: '' });
  if (what === 'open' && !button.closest('.o-panel')) {
    const owner = button.closest('[id]');
    page.from = `${owner && owner.id ? '#' + CSS.escape(owner.id) + ' ' : ''}button[data-evidence="${CSS.escape(button.dataset.evidence)}"]`;
  }
  const { do: _, ...data } = button.dataset;
  send(what, data);
});

element.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  const data = Object.fromEntries(new FormData(form, event.submitter));
  const who = element.querySelector('[data-who]');
  if (!('by' in data) && who) data.by = who.value;
  if (form.dataset.do !== 'calc' && data.mode !== 'if' && !(data.by || '').trim()) {
    const field = form.querySelector('[name=by]') || who;
    if (field) {
      field.setCustomValidity('Your name is needed: it stands beside the correction.');
      field.reportValidity();
      field.focus();
      field.addEventListener('input', () => field.setCustomValidity(''), { once: true });
    }
    return;
  }
  if (data.by) page.by = data.by;
  if (data.mode === 'if') {
    page.wanted = true;
    page.typed = data;
  }
  data.panel = form.closest('.o-panel') ? 'yes' : '';
  if (event.submitter) event.submitter.setAttribute('aria-disabled', 'true');
  send(form.dataset.do, data);
});

element.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && event.target.closest('.o-panel')) closePanel();
});

function drawn() {
  mark('busy', '');
  const answer = element.querySelector('.o-answer');
  const now = answer ? answer.dataset.consultation || 'running' : '';
  if (answer && now !== shown) {
    shown = now;
    if (now !== 'running') opened.clear();
  }
  for (const fold of element.querySelectorAll('details[data-key]')) {
    if (opened.has(fold.dataset.key)) fold.open = opened.get(fold.dataset.key);
  }
  for (const button of element.querySelectorAll('[aria-disabled]')) button.removeAttribute('aria-disabled');
  if (page.by) for (const field of element.querySelectorAll('[name=by]')) if (!field.value) field.value = page.by;
  const again = page.typed && element.querySelector('.o-whatif') && element.querySelector('form[data-do=fix]');
  if (again) {
    // What was tried stays in its form: it may be what is meant.
    for (const field of again.elements) {
      if (!(field.name in page.typed) || ['hidden', 'submit'].includes(field.type)) continue;
      if (field.type === 'radio') field.checked = field.value === page.typed[field.name];
      else field.value = page.typed[field.name];
      field.dispatchEvent(new Event('change', { bubbles: true }));
    }
    page.typed = null;
  }
  const runs = element.querySelector('.o-live');
  if (runs) runs.scrollTop = runs.scrollHeight;
  const change = element.querySelector('.o-change');
  if (change && change.dataset.version !== page.changed) {
    page.changed = change.dataset.version;
    mark('panel', '');
    change.scrollIntoView({ block: 'start', behavior: 'smooth' });
    change.querySelector('h3').focus({ preventScroll: true });
  }
  const alarm = element.querySelector('.o-error');
  const at = alarm && alarm.closest('[data-at]') && alarm.closest('[data-at]').dataset.at;
  if (at && at !== page.alarm) {
    page.alarm = at;
    alarm.scrollIntoView({ block: 'nearest' });
  }
  const worked = element.querySelector('.o-calc-at');
  if (worked && worked.dataset.at !== page.worked) {
    page.worked = worked.dataset.at;
    const top = element.getBoundingClientRect().top;
    if (top < 0 || top > window.innerHeight / 2) element.scrollIntoView({ block: 'start' });
    const lost = [document.body, null].includes(document.activeElement);
    if (lost) element.querySelector('h2').focus({ preventScroll: true });
  }
  const panel = element.querySelector('.o-panel');
  if (panel && page.wanted) {
    page.wanted = false;
    element.scrollTop = 0;
    const body = panel.querySelector('.o-panel-body');
    if (body) body.scrollTop = 0;
    const mark = panel.querySelector('.o-mark');
    if (mark) mark.scrollIntoView({ block: 'center' });
    panel.querySelector('h2').focus({ preventScroll: true });
  }
}

watch('value', drawn);
