/** Version of this release, the same for all its programs. */
export const VERSION = "0.1.0";
