//! Writes the JSON Schemas of the catalog's files into `docs/schemas/`: `cargo run -p catalog --example schemas`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas");
    std::fs::create_dir_all(&folder)?;
    for (name, text) in types::catalog::schemas() {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}
