/** An HTTP proxy as programs use it; the addresses have a login where there is one. */
export type OutboundProxy = { http: string; https: string; except: string[] };

/** The secret with the HTTP proxy that hub and edge use, with its login: an `OutboundProxy` as JSON. */
export const outboundProxySecret = "outbound-proxy";

/** The variables by which programs know a proxy, in both cases: curl reads `http_proxy` only, others only capitals. */
export const proxyVariables = ({ http, https, except }: OutboundProxy): Record<string, string> => {
  const list = except.join(",");
  return {
    HTTP_PROXY: http,
    HTTPS_PROXY: https,
    NO_PROXY: list,
    http_proxy: http,
    https_proxy: https,
    no_proxy: list,
  };
};
