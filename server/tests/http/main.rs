//! The server through its public door: real application, real connections, port 0.

mod address;
mod cookies;
mod forms;
mod health;
mod hosts;
mod limits;
mod origins;
mod pages;
mod process;
mod roles;
mod shutdown;
mod statics;
mod streams;
