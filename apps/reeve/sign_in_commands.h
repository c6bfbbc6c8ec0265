#pragma once

// The commands with which people sign in: `reeve login`, `logout`, `whoami`, `token`.

#include <string>

#include "reeve/commands.h"

namespace reeve::app {

struct LoginArguments {
  std::string server;  // its address; empty: REEVE_URL, else the one signed in to, else the configuration's
  bool no_browser = false;
};
/// Signs in: shows a code, waits until its owner has agreed in a browser, keeps the tokens. 1 when the answer is no.
int login_command(const Common& common, const LoginArguments& arguments);
/// Ends the sign-in, here and on the server.
int logout_command(const Common& common, const LoginArguments& arguments);
/// Who is signed in, and until when. 1 when nobody is.
int whoami_command(const Common& common, const LoginArguments& arguments);
/// Prints a token that is good for a minute at least. 1 when nobody is signed in.
int token_command(const Common& common, const LoginArguments& arguments);

}  // namespace reeve::app
