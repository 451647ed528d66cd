/** Exit codes of the Pod API: what a compiled `pod` ends with. */
export const POD_OK = 0;
export const POD_FAILED = 1;
