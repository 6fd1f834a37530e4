// What changes a repository. Refusals come in GitHub's order: rights, the issue, the form of the body, its sense.
#include "fake_github/call.hpp"
#include "fake_github/shapes.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace groomer::fake_github {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_label = 50, longest_title = 256, longest_text = 65'536, most_labels = 100;

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
}

std::string_view view(json::string const& text) { return {text.data(), text.size()}; }

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

std::optional<Response> label_refused(std::string_view name) {
    if (is_blank(name)) return invalid("Label", "name", "missing_field");
    if (characters(name) > longest_label) return invalid("Label", "name", "custom", "name is too long (maximum is 50 characters)");
    return std::nullopt;
}

// The names in ["a"], [{"name": "a"}] or {"labels": …}.
std::optional<Response> names_of(json::value const& body, std::vector<std::string>& names) {
    auto const* object = body.if_object();
    auto const* inner = object ? object->if_contains("labels") : &body;
    auto const* list = inner ? inner->if_array() : nullptr;
    if (!list) return error_answer(422, "Invalid request.\n\nNo subschema in \"anyOf\" matched.");
    for (auto const& element : *list) {
        auto const* as_object = element.if_object();
        auto const* name = as_object ? as_object->if_contains("name") : &element;
        if (!name || !name->is_string()) return error_answer(422, "Invalid request.\n\nNo subschema in \"anyOf\" matched.");
        if (auto refused = label_refused(view(name->get_string()))) return refused;
        names.emplace_back(view(name->get_string()));
    }
    return std::nullopt;
}

Response add_issue_labels(Call& call) {
    if (auto refused = write_refused(call)) return std::move(*refused);
    auto found = find_issue(call, call.number(0));
    if (!found.issue) return std::move(found.refused);
    auto body = body_of(call, true);
    if (body.refused) return std::move(*body.refused);
    std::vector<std::string> names;
    if (auto refused = names_of(body.value, names)) return std::move(*refused);
    if (found.issue->labels.size() + names.size() > most_labels)
        return invalid("Issue", "labels", "custom", "an issue may have at most 100 labels");
    call.state.add_labels(*call.repository, *found.issue, names, call.by());
    return json_answer(200, labels_json(call.state, *call.repository, *found.issue));
}

Response remove_issue_label(Call& call) {
    if (auto refused = write_refused(call)) return std::move(*refused);
    auto found = find_issue(call, call.number(0));
    if (!found.issue) return std::move(found.refused);
    if (!call.state.remove_label(*call.repository, *found.issue, call.arguments[1], call.by()))
        return error_answer(404, "Label does not exist");
    return json_answer(200, labels_json(call.state, *call.repository, *found.issue));
}

Response create_label(Call& call) {
    if (auto refused = write_refused(call)) return std::move(*refused);
    auto const body = body_of(call);
    if (body.refused) return *body.refused;
    auto const& object = body.value.get_object();
    auto const text = [&](std::string_view name) {
        auto const* value = object.if_contains(name);
        return value && value->is_string() ? std::string{view(value->get_string())} : std::string{};
    };
    Label label;
    label.name = text("name");
    if (auto refused = label_refused(label.name)) return std::move(*refused);
    if (object.contains("color")) label.color = text("color");
    bool const hexadecimal = label.color.size() == 6 && label.color.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    if (!hexadecimal) return invalid("Label", "color", "invalid");
    label.description = text("description");
    if (characters(label.description) > 100)
        return invalid("Label", "description", "custom", "description is too long (maximum is 100 characters)");
    auto const* created = call.state.create_label(*call.repository, std::move(label), call.by());
    if (!created) return invalid("Label", "name", "already_exists");
    auto response = json_answer(201, label_json(call.state, *call.repository, *created));
    response.headers.emplace_back("Location", std::string{view(response.json->at("url").get_string())});
    return response;
}

// The text of a comment, or why it is none.
std::optional<Response> text_of(Call const& call, std::string& text) {
    auto const body = body_of(call);
    if (body.refused) return body.refused;
    auto const* value = body.value.get_object().if_contains("body");
    if (!value) return error_answer(422, "Invalid request.\n\n\"body\" wasn't supplied.");
    if (!value->is_string())
        return error_answer(422, "Invalid request.\n\nFor 'properties/body', " + json::serialize(*value) + " is not a string.");
    text = view(value->get_string());
    if (is_blank(text)) return invalid("IssueComment", "body", "missing_field");
    if (characters(text) > longest_text) return invalid("IssueComment", "body", "custom", "body is too long (maximum is 65536 characters)");
    return std::nullopt;
}

Response create_comment(Call& call) {
    if (auto refused = write_refused(call, true)) return std::move(*refused);
    auto found = find_issue(call, call.number(0));
    if (!found.issue) return std::move(found.refused);
    std::string text;
    if (auto refused = text_of(call, text)) return std::move(*refused);
    if (found.issue->locked) return error_answer(403, "Unable to create comment because issue is locked.");
    auto const& comment = call.state.add_comment(*call.repository, *found.issue, std::move(text), call.by());
    auto response = json_answer(201, comment_json(call.state, *call.repository, *found.issue, comment));
    response.headers.emplace_back("Location", std::string{view(response.json->at("url").get_string())});
    return response;
}

Response edit_comment(Call& call) {
    if (auto refused = write_refused(call)) return std::move(*refused);
    auto const found = call.repository->comment_issues.find(call.number(0));
    if (found == call.repository->comment_issues.end()) return not_found();
    std::string text;
    if (auto refused = text_of(call, text)) return std::move(*refused);
    call.state.edit_comment(*call.repository, found->first, std::move(text), call.by());
    auto const& issue = call.repository->issues.at(found->second);
    auto const& comments = issue.history->comments;
    auto const comment = std::find_if(comments.begin(), comments.end(), [&](auto const& each) { return each.id == found->first; });
    return json_answer(200, comment_json(call.state, *call.repository, issue, *comment));
}

Response delete_comment(Call& call) {
    if (auto refused = write_refused(call)) return std::move(*refused);
    if (!call.state.delete_comment(*call.repository, call.number(0), call.by())) return not_found();
    Response response;
    response.status = 204;
    return response;
}

std::optional<Response> read_texts(json::object const& body, IssueEdit& edit) {
    for (auto const& [name, into, longest] :
         {std::tuple{"title", &edit.title, longest_title}, std::tuple{"body", &edit.body, longest_text}}) {
        auto const* value = body.if_contains(name);
        if (!value || (value->is_null() && std::string_view{name} == "title")) continue;
        if (!value->is_string() && !value->is_null()) return invalid("Issue", name, "invalid");
        *into = value->is_null() ? std::string{} : std::string{view(value->get_string())};
        if (characters(**into) > longest)
            return invalid("Issue", name, "custom",
                           std::string{name} + " is too long (maximum is " + std::to_string(longest) + " characters)");
    }
    return edit.title && is_blank(*edit.title) ? std::optional{invalid("Issue", "title", "missing_field")} : std::nullopt;
}

std::optional<Response> read_state(json::object const& body, IssueEdit& edit) {
    if (auto const* value = body.if_contains("state"); value && !value->is_null()) {
        if (*value != "open" && *value != "closed") return invalid("Issue", "state", "invalid");
        edit.open = *value == "open";
    }
    auto const* reason = body.if_contains("state_reason");
    if (!reason || reason->is_null()) return std::nullopt;
    if (*reason == "completed") edit.reason = Reason::completed;
    else if (*reason == "not_planned") edit.reason = Reason::not_planned;
    else if (*reason == "duplicate") edit.reason = Reason::duplicate;
    else if (*reason == "reopened") edit.reason = Reason::reopened;
    else return invalid("Issue", "state_reason", "invalid");
    return std::nullopt;
}

// Labels given with an issue replace those it has, people's too: just what groomer must never ask for, so the log shows it.
void replace_labels(Call& call, Issue& issue, std::vector<std::string> const& names) {
    std::vector<LabelIndex> kept;
    for (auto const& name : names)
        if (auto const index = find_label(*call.repository, name)) kept.push_back(*index);
    for (auto const index : std::vector<LabelIndex>{issue.labels}) {
        if (std::find(kept.begin(), kept.end(), index) == kept.end())
            call.state.remove_label(*call.repository, issue, call.repository->labels[index].name, call.by());
    }
    call.state.add_labels(*call.repository, issue, names, call.by());
}

Response edit_issue(Call& call) {
    if (auto refused = write_refused(call)) return std::move(*refused);
    auto found = find_issue(call, call.number(0));
    if (!found.issue) return std::move(found.refused);
    auto body = body_of(call);
    if (body.refused) return std::move(*body.refused);
    auto const& object = body.value.get_object();
    IssueEdit edit;
    std::vector<std::string> names;
    if (auto refused = read_texts(object, edit)) return std::move(*refused);
    if (auto refused = read_state(object, edit)) return std::move(*refused);
    if (object.contains("labels"))
        if (auto refused = names_of(body.value, names)) return std::move(*refused);
    if (found.issue->locked) return error_answer(403, "Unable to edit because issue is locked.");
    call.state.edit_issue(*call.repository, *found.issue, edit, call.by());
    if (object.contains("labels")) replace_labels(call, *found.issue, names);
    return json_answer(200, issue_json(call.state, *call.repository, *found.issue));
}

}  // namespace

std::vector<Route> const repository_writes = {
    {"POST", "labels", create_label},
    {"POST", "issues/{}/labels", add_issue_labels},
    {"DELETE", "issues/{}/labels/{}", remove_issue_label},
    {"POST", "issues/{}/comments", create_comment, true},
    {"PATCH", "issues/comments/{}", edit_comment},
    {"DELETE", "issues/comments/{}", delete_comment},
    {"PATCH", "issues/{}", edit_issue},
};

}  // namespace groomer::fake_github
