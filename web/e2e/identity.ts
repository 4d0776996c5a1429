// A certified OpenID provider on a free port, at which whoever names themself is who they say.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import type { Page } from "playwright-core";

export const CLIENT = "huizong";

/** As what the provider knows somebody: what it says when it is asked, and not in the token. */
export const principalOf = (name: string) => `person-${name}`;

export interface IdentityProvider {
  issuer: string;
  secret: string;
  /** Signs identity tokens by another algorithm from now on. */
  sign: (algorithm: string) => Promise<void>;
  stop: () => Promise<void>;
}

/** For the service at this address. Another host than the service's, so that the two are two sites to a browser. */
export async function identityProvider(service: string): Promise<IdentityProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const secret = randomUUID();
  const keys = [
    { ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }), kid: "rsa", use: "sig" },
    { ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }), kid: "curve", use: "sig" },
    { ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }), kid: "edwards", use: "sig" },
  ];
  const provider = new Provider(issuer, {
    clients: [{
      client_id: CLIENT,
      client_secret: secret,
      grant_types: ["authorization_code"],
      response_types: ["code"],
      redirect_uris: [`${service}/session/provider/callback`],
      post_logout_redirect_uris: [`${service}/`],
    }],
    pkce: { required: () => true },
    cookies: { keys: [randomUUID()] },
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    jwks: { keys },
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA"] },
    // As certified providers do: claims of a scope are not in the token, but given when they are asked for.
    claims: { openid: ["sub"], profile: ["preferred_username"] },
    findAccount: (_: unknown, name: string) => ({ accountId: name, claims: () => ({ sub: name, preferred_username: principalOf(name) }) }),
  });
  server.on("request", provider.callback());
  const sign = async (algorithm: string) => {
    const client = await provider.Client.find(CLIENT);
    if (client) client.idTokenSignedResponseAlg = algorithm;
  };
  const stop = () => new Promise<void>((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
  return { issuer, secret, sign, stop };
}

/** Says who they are, on the provider's pages. */
export async function sayWho(page: Page, name: string): Promise<void> {
  await page.locator("input[name=login]").fill(name);
  await page.locator("input[name=password]").fill("whatever");
  await page.getByRole("button", { name: "Sign-in" }).click();
}

/** Lets the service know who they are. */
export const consent = (page: Page) => page.getByRole("button", { name: "Continue" }).click();

/** Keeps the provider's pages from waiting for the fonts that they fetch elsewhere. */
export const withoutFonts = (page: Page) => page.context().route("https://fonts.googleapis.com/**", (route) => route.abort());
