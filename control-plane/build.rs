//! The console is embedded from `web-console/dist`. A checkout where it was not built yet still
//! compiles: the folder is made empty, and the server then says how to build the console.

use std::{fs, path::Path};

fn main() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web-console/dist");
    if !dist.is_dir()
        && let Err(e) = fs::create_dir_all(&dist)
    {
        panic!("cannot make {}: {e}", dist.display());
    }
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=../migrations");
}
