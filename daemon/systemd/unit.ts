/** The unit that runs the daemon under systemd. */
import template from "./simplenetesd.service" with { type: "text" };
import userServices from "./user-services.conf" with { type: "text" };

/** Lets the daemon end before the services of users: for {@link USER_SERVICES_FILE}. */
export const USER_SERVICES: string = userServices;
export const USER_SERVICES_FILE = "/etc/systemd/system/user@.service.d/simplenetes.conf";

/**
 * The text of `simplenetesd.service`.
 *
 * @param program absolute path of the daemon's program, without blanks and specials of systemd's
 * @throws when it is not
 */
export function systemdUnit(program = "/usr/local/bin/simplenetesd"): string {
  if (!/^(\/[A-Za-z0-9_.+-]+)+$/.test(program)) {
    throw new Error(`Cannot run ${program} under systemd: it has to be a plain absolute path`);
  }
  return template.replace(/^ExecStart=.*$/m, `ExecStart=${program}`);
}
