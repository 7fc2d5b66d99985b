//! How the static binary is linked: the addresses that it corrects when it starts are written in
//! the short form (`DT_RELR`), which takes a ninetieth of the room. Musl, which is a part of the
//! binary, reads it since its version 1.2.4, and Rust brings a newer one; a system's own C library
//! is asked for nothing. Only where it was tried.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, wanted: &str| std::env::var(name).is_ok_and(|value| value == wanted);
    if is("CARGO_CFG_TARGET_ENV", "musl") && is("CARGO_CFG_TARGET_ARCH", "x86_64") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
