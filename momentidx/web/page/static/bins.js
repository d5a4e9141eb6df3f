// Names of bins in addresses.

/** A bin's name as a part of an API path, which knows no slash within a name. */
export function binPath(bin) {
  return encodeURIComponent(bin.replaceAll("%", "%25").replaceAll("/", "%2F"));
}
