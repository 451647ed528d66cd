/** What quickstart does, as the commands that a person would type. Nothing here does I/O. */
import { quote } from "../../podc/mod.ts";
import { examplePod, PAGE, type Server } from "./example.ts";

/** A cluster of one host on this machine. */
export interface QuickCluster {
  /** Absolute path of the directory that gets everything. */
  readonly dir: string;
  /** The cluster's name. */
  readonly name: string;
  /** The host's loopback address. */
  readonly address: string;
  readonly server: Server;
  /** Whether the image has to be pulled. */
  readonly pull: boolean;
  /** Directory to put in front of PATH, where the programs are not in it. */
  readonly programs?: string;
  /** The portable file to link the programs to, in `programs`. */
  readonly portable?: string;
  /** Who commits, where git knows nobody. */
  readonly committer?: string;
}

/** One command. */
export interface Step {
  /** Why it is there; a title above the first of several. */
  readonly title?: string;
  /** Where it is run. */
  readonly cwd: string;
  /** Shell text, as shown and as run. */
  readonly text: string;
  /** What to try when it fails. */
  readonly hint?: string;
}

/** The ports that the cluster takes at its address: the proxy's and the example's. */
export const PORTS = { proxy: 32767, page: 61000 } as const;

const HOST = "h1";
const PROGRAMS = ["sns", "podc", "simplenetesd", "simplenetes-proxy"];

/** Where things are. */
export function placesOf({ dir, name, address }: QuickCluster) {
  return {
    project: `${dir}/${name}`,
    home: `${dir}/${name}-${HOST}`,
    log: `${dir}/simplenetesd.log`,
    url: `http://${address}:${PORTS.page}/`,
  };
}

/** Lines for a shell that make its environment the one that the steps need. */
export function environmentOf({ programs, committer }: QuickCluster): string[] {
  const lines: string[] = [];
  if (programs !== undefined) lines.push(`export PATH=${quote(programs)}:"$PATH"`);
  if (committer !== undefined) {
    const [name, email] = [quote(committer), quote(`${committer}@localhost`)];
    lines.push(`export GIT_AUTHOR_NAME=${name} GIT_AUTHOR_EMAIL=${email}`);
    lines.push(`export GIT_COMMITTER_NAME=${name} GIT_COMMITTER_EMAIL=${email}`);
  }
  return lines;
}

/** The steps up to pods that are synced, in order. */
export function stepsOf(cluster: QuickCluster): Step[] {
  return [...programSteps(cluster), ...projectSteps(cluster), ...podSteps(cluster)];
}

function programSteps({ dir, portable, programs }: QuickCluster): Step[] {
  if (portable === undefined || programs === undefined) return [];
  const links = PROGRAMS.map((name) => `ln -s ${quote(portable)} ${quote(`${programs}/${name}`)}`);
  const text = [`mkdir ${quote(programs)}`, ...links].join(" &&\n  ");
  return [{ title: "The programs, which are all in one file", cwd: dir, text }];
}

function projectSteps(cluster: QuickCluster): Step[] {
  const { dir, name, address } = cluster;
  const { project, home } = placesOf(cluster);
  const register = `sns host register ${HOST} --address=local --dir-home=${quote(home)}` +
    ` --router-address=${address}:${PORTS.proxy}`;
  return [
    {
      title: "A cluster project is a git repository; a host is a folder in it",
      cwd: dir,
      text: `sns cluster create ${name}`,
    },
    { cwd: dir, text: `cd ${quote(project)}` },
    { cwd: project, text: register },
    { cwd: project, text: `sns host init ${HOST}` },
  ];
}

function podSteps(cluster: QuickCluster): Step[] {
  const { address, server, pull } = cluster;
  const cwd = placesOf(cluster).project;
  const source = "_pods/hello";
  const write = (file: string, text: string) => `cat >${source}/${file} <<'END'\n${text}END`;
  const image: Step[] = pull && server.kind === "container"
    ? [{
      cwd,
      text: `podman pull -q ${quote(server.image)}`,
      hint: "--image=<one that is here already and has httpd>, or --program to go without",
    }]
    : [];
  return [
    {
      title: "A pod of our own, in a git repository of its own",
      cwd,
      text: `mkdir -p ${source}/config/site`,
    },
    { cwd, text: write("pod.yaml", examplePod(server, address)) },
    { cwd, text: write("config/site/index.html", PAGE) },
    {
      cwd,
      text: `git init -q ${source} && git -C ${source} add . &&\n` +
        `  git -C ${source} commit -q -m "hello 1.0.0"`,
    },
    ...image,
    {
      title: "The proxy of the cluster and our pod, attached to the host and compiled",
      cwd,
      text: `sns host attach proxy@${HOST}`,
    },
    { cwd, text: `sns host attach hello@${HOST}` },
    { cwd, text: "sns pod compile proxy" },
    { cwd, text: "sns pod compile hello" },
    {
      title: "What is committed is brought to the hosts",
      cwd,
      text: 'git add . && git commit -q -m "The first pods"',
    },
    { cwd, text: "sns cluster sync" },
  ];
}

/** Starts the daemon, which outlives the shell and its terminal. */
export function daemonStep(cluster: QuickCluster): Step {
  const { home, log } = placesOf(cluster);
  return {
    title: "The daemon of the host brings the pods up",
    cwd: cluster.dir,
    text: `setsid simplenetesd ${quote(home)} >>${quote(log)} 2>&1 </dev/null &`,
  };
}

/** What to do next, and how to end it. `pid` is the daemon's. */
export function afterwards(cluster: QuickCluster, pid: number): string {
  const { project, home, url } = placesOf(cluster);
  const pods = `for pod in ${quote(home)}/pods/*/release/*/pod; do`;
  const lines = (texts: readonly string[]) => texts.map((text) => `  ${text}\n`).join("");
  return `
The page is at ${url}

To go on, change _config/hello/site/index.html, and:
${
    lines([
      ...environmentOf(cluster),
      `cd ${quote(project)}`,
      "sns cluster ps",
      "sns pod updateconfig hello && git commit -q -a -m 'Another page' && sns cluster sync",
    ])
  }
To stop it:
${lines([`kill ${pid}`, `${pods} "$pod" rm; done`])}
To start it again:
${lines([...environmentOf(cluster).slice(0, 1), daemonStep(cluster).text])}
To remove all of it, when it is stopped:
${lines([`${pods} "$pod" purge; done`, `rm -rf ${quote(cluster.dir)}`])}`;
}
