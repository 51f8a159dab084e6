/** Runs the work at the end of the turn of the event loop in which it was asked for, once however often that was. */
export function onceATurn(work: () => void): () => void {
  let isScheduled = false;
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      work();
    });
  };
}
