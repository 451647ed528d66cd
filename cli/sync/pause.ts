/** Waits; `false` when `done` aborted meanwhile. */
export function pause(ms: number, done: AbortSignal): Promise<boolean> {
  if (done.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const finish = (result: boolean) => {
      clearTimeout(timer);
      done.removeEventListener("abort", stop);
      resolve(result);
    };
    const stop = () => finish(false);
    const timer = setTimeout(() => finish(true), ms);
    done.addEventListener("abort", stop);
  });
}
