/** The SSH library, in one place: loading it takes long, so only what dials imports this file. */
// @ts-types="@types/ssh2"
import ssh2 from "ssh2";
// @ts-types="@types/ssh2"
import type * as types from "ssh2";

export type Client = types.Client;
export type ClientChannel = types.ClientChannel;
export type AnyAuthMethod = types.AnyAuthMethod;
export type ConnectConfig = types.ConnectConfig;
export type ParsedKey = types.ParsedKey;
export type IdentityCallback = types.IdentityCallback<types.ParsedKey>;

const { Client, utils, OpenSSHAgent } = ssh2;
export { Client as SshClient, OpenSSHAgent, utils };
