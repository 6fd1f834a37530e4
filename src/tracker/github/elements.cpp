#include "tracker/github/elements.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "tracker/issue_json.hpp"
#include "tracker/scanner.hpp"

#include <optional>
#include <string>

namespace groomer::tracker::github {

namespace json = boost::json;

void for_each_element(std::string_view body, OnValue const& on_value) {
    Scanner scanner{"GitHub's answer"};
    auto const take = [&](Element const& element) {
        if (element.too_deep) return on_value(nullptr, "it is nested too deeply");
        if (element.length > max_element) return on_value(nullptr, "it is too large");
        std::optional<json::value> value;
        std::string why;
        try {
            value = parse_element(body.substr(element.offset, element.length));
        } catch (Error const& e) {  // also BrokenJson: the brackets around it are whole, as the scanner saw
            why = e.what();
        }
        on_value(value ? &*value : nullptr, why);
    };
    scanner.feed(body, take);
    scanner.finish();
}

std::int64_t count_of(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    auto const* number = value ? value->if_int64() : nullptr;
    return number && *number > 0 ? *number : 0;
}

Actor actor_of(json::object const* user, Account const& self) {
    if (!user) return Actor::person;  // a deleted account: nobody's word is taken away from people
    auto const login = text_of(*user, "login");
    bool const same_id = self.id > 0 && count_of(*user, "id") == self.id;
    bool const same_login = !self.login.empty() && to_lower(login) == to_lower(self.login);
    if (same_id || same_login) return Actor::self;
    return text_of(*user, "type") == "Bot" || login.ends_with("[bot]") ? Actor::bot : Actor::person;
}

}  // namespace groomer::tracker::github
