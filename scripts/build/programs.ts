/** The programs that are shipped, and where each begins. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  "sns": "cli/main.ts",
  "podc": "podc/main.ts",
  "simplenetesd": "daemon/main.ts",
  "simplenetes-proxy": "proxy/main.ts",
  "simplenetes-letsencrypt": "pods/letsencrypt/program/main.ts",
};

/** Code that a program loads by its address, which the bundler does not see, by its bundle's name. */
export const WORKERS: Readonly<Record<string, string>> = {
  "simplenetes-proxy-worker": "proxy/workers/worker.ts",
};
