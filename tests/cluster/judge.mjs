// What the tracker wrote down, judged: a label that is added where it is already, by what the log itself tells, was added by two.
// As a program it tries itself: what is right passes, what is wrong is seen.
import {fileURLToPath} from 'url';

export function addedTwice(log) {
  const carried = new Set(), twice = [];
  for (const {what, issue, label} of log) {
    const one = `${issue} ${label}`;
    if (what === 'label.add' && carried.has(one)) twice.push(one);
    if (what === 'label.add') carried.add(one);
    if (what === 'label.remove') carried.delete(one);
  }
  return twice;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const add = {what: 'label.add', issue: 7, label: 'type/bug'}, other = {...add, issue: 8}, remove = {...add, what: 'label.remove'};
  const right = addedTwice([add, other, remove, add]).length === 0 && addedTwice([add, other, add]).join() === '7 type/bug';
  console.log(`${right ? 'ok' : 'not ok'} - cluster: a label that is added twice is seen, and one that was taken away meanwhile is none`);
  process.exitCode = right ? 0 : 1;
}
