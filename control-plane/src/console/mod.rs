//! The console: files embedded in the binary, a fallback to its start page, strict headers.

pub mod headers;
pub mod http;
#[cfg(test)]
mod tests;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../web-console/dist"]
pub struct Files;

/// What stands in for a console that was not built when the binary was.
pub const NOT_BUILT: &str = "<!doctype html>\
<html lang=\"en\"><meta charset=\"utf-8\"><title>Signalbox</title>\
<p>This binary was built without the console. Run <code>npm ci</code> and \
<code>npm run build</code> in <code>web-console/</code>, then build the control plane again. \
The management API is described at <a href=\"/openapi.json\">/openapi.json</a>.</p></html>\n";
