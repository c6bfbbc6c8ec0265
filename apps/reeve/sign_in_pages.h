#pragma once

// The pages on which people sign in: plain HTML without scripts or anything from elsewhere, for light and dark, for
// keyboards and screen readers. Every text that comes from outside is escaped here.

#include <string>
#include <utility>
#include <vector>

#include "identity/identity.h"

namespace reeve::app {

/// What is sent to a browser or a program.
struct WebAnswer {
  int status = 200;
  std::string body;
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
};

/// A page with its header fields. `form_targets`: where else its forms may lead, for the content security policy.
WebAnswer make_page(int status, const std::string& title, const std::string& content,
                    const std::string& form_targets = {});

/// `form`: the token that proves that a form is ours.
WebAnswer code_page(const std::string& form, const std::string& code, const std::string& complaint);
WebAnswer providers_page(const std::string& form, const std::string& code,
                         const std::vector<identity::OidcIssuer>& providers);
/// The same on the way to a code: links, each with the provider's place in the list.
WebAnswer provider_links_page(const std::string& address, const std::vector<identity::OidcIssuer>& providers);
/// Goes on to the company's provider by itself.
WebAnswer leaving_page(const std::string& address, const std::string& provider);

struct Confirmation {
  std::string form, secret;
  identity::Purpose purpose;
  identity::Principal person;
  std::string client_name;
};
WebAnswer confirmation_page(const Confirmation& confirmation);
/// Whoever opened a link from this machine goes on to the console.
WebAnswer link_page(const std::string& form, const std::string& link, const identity::Principal& person);
WebAnswer signed_in_page(const identity::Principal& person);
WebAnswer declined_page();
/// What went wrong, and what to do.
WebAnswer failure_page(int status, const std::string& what, const std::string& next);

/// What people know a provider by.
std::string provider_name(const identity::OidcIssuer& provider);

}  // namespace reeve::app
