//! The help texts, as people see them on a terminal of 100 columns.

use clap::CommandFactory;
use marquee::cli::Cli;

fn help(path: &[&str]) -> String {
    let mut command = Cli::command().term_width(100);
    command.build();
    let mut found = &mut command;
    for name in path {
        found = found.find_subcommand_mut(name).unwrap();
    }
    found.clone().term_width(100).render_long_help().to_string()
}

#[test]
fn the_help_says_what_there_is() {
    insta::assert_snapshot!("marquee", help(&[]));
}

#[test]
fn the_help_of_run_says_every_flag() {
    insta::assert_snapshot!("run", help(&["run"]));
}

#[test]
fn the_help_of_commands_that_ask_is_short() {
    insta::assert_snapshot!("status", help(&["status"]));
    insta::assert_snapshot!("doctor", help(&["doctor"]));
    insta::assert_snapshot!("plugins_list", help(&["plugins", "list"]));
    insta::assert_snapshot!("plugins_show", help(&["plugins", "show"]));
}

#[test]
fn the_help_of_render_says_how_settings_are_written() {
    insta::assert_snapshot!("plugin_render", help(&["plugin", "render"]));
}

#[test]
fn the_help_of_schema_is_short() {
    insta::assert_snapshot!("plugin_schema", help(&["plugin", "schema"]));
}

/// The commands and flags that scripts rely on.
#[test]
fn the_command_line_has_no_mistake_in_itself() {
    Cli::command().debug_assert();
}
