// A simulated province served to those only who show who they are.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { command, demo, folder, offline, serve, type Server } from "./program";

export interface Guarded extends Server {
  /** A new token of a principal that is given these roles, such as "viewer jurisdictions/230000". */
  admit: (name: string, ...roles: string[]) => Promise<string>;
  /** A one-time code for such a principal, in place of the token. */
  invite: (name: string, ...roles: string[]) => Promise<string>;
  /** The agency that no report came in of, such as agencies/ID. */
  guest: string;
}

/** `access` are lines of the section of the configuration. */
export const guarded = (agencies: number, years: string, ...access: string[]) => guard("127.0.0.1:0", agencies, years, access);

/** The same at an address that is known beforehand. */
export const guardedAt = (listen: string, agencies: number, years: string, ...access: string[]) => guard(listen, agencies, years, access);

/** The same after something was done in the province while anybody could. */
export const guardedAfter = (prepare: (province: Server) => Promise<unknown>, agencies: number, years: string) => guard("127.0.0.1:0", agencies, years, [], prepare);

async function guard(listen: string, agencies: number, years: string, access: string[], prepare?: (province: Server) => Promise<unknown>): Promise<Guarded> {
  const made = folder();
  const data = path.join(made.path, "data");
  const config = path.join(made.path, "config.toml");
  writeFileSync(config, ["[access]", "authentication = true", ...access].join("\n"));
  const province = await demo(agencies, years, data);
  await prepare?.(province);
  await province.stop();
  const token = (await offline("credential", "bootstrap", "chief", "--data", data)).trim();
  const server = await serve(data, listen, "--config", config);
  const invite = async (name: string, ...roles: string[]) => {
    for (const role of roles) await command({ ...server, token }, "credential", "grant", "--new", name, ...role.split(" "));
    return (await command({ ...server, token }, "credential", "enrol", name, "--days", "1")).trim();
  };
  const admit = async (name: string, ...roles: string[]) => (await command(server, "credential", "exchange", await invite(name, ...roles))).trim();
  const stop = async () => {
    await server.stop();
    made.remove();
  };
  return { ...server, token, admit, invite, stop, guest: `agencies/${/--agency (\S+)/.exec(province.text)?.[1] ?? ""}` };
}
