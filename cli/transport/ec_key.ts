/** Private ECDSA keys in the form of SEC 1. Nothing here does I/O. */

/** Bytes of the private number, by the last byte of the object identifier of P-256 and P-384. */
const SCALAR_BYTES = new Map([[0x07, 32], [0x22, 48]]);

/**
 * `pem` with the private number in the length that its curve has.
 *
 * OpenSSH's format keeps it as a signed number, so it may come with a zero before it or be a byte short;
 * SEC 1 wants neither, and the runtime refuses such a key.
 *
 * @param pem `EC PRIVATE KEY`; any other text, or curve, is returned as it is
 */
export function fixScalarLength(pem: string): string {
  const body = /^-----BEGIN EC PRIVATE KEY-----([\s\S]+)-----END EC PRIVATE KEY-----\s*$/.exec(pem);
  if (body === null) return pem;
  const der = Uint8Array.fromBase64(body[1]!.replace(/\s/g, ""));
  // SEQUENCE, INTEGER 1 (three bytes), OCTET STRING with the number, [0] with the curve, [1] ...
  const at = headerLength(der) + 3;
  const scalar = der.slice(at + 2, at + 2 + der[at + 1]!);
  const rest = der.slice(at + 2 + scalar.length);
  const bytes = SCALAR_BYTES.get(rest[1 + rest[1]!]!);
  if (bytes === undefined) return pem;
  const number = scalar.slice(scalar.findIndex((byte) => byte !== 0));
  const fixed = [...new Uint8Array(bytes - number.length), ...number];
  const content = [0x02, 1, 1, 0x04, fixed.length, ...fixed, ...rest];
  const length = content.length < 128 ? [content.length] : [0x81, content.length];
  const text = new Uint8Array([0x30, ...length, ...content]).toBase64();
  const lines = text.match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN EC PRIVATE KEY-----\n${lines}\n-----END EC PRIVATE KEY-----\n`;
}

function headerLength(der: Uint8Array): number {
  return der[1]! < 128 ? 2 : 2 + (der[1]! & 0x7f);
}
