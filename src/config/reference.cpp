#include "config/reference.hpp"

#include "config/families.hpp"
#include "config/key_tree.hpp"
#include "config/value.hpp"

#include <algorithm>

namespace groomer::config {
namespace {

constexpr std::string_view intro = R"(# Configuration

<!-- Made from the table in src/config/key_table.cpp. To refresh: run the unit tests with GROOMER_UPDATE_DOCS=1. -->

groomer reads one YAML file, named with `--config` or `GROOMER_CONFIG`. `config.schema.json` beside this page describes it
to editors. A value is taken from the first of these that has it: command line, environment, file, default.

- **Durations** are a whole number and a unit: `500ms`, `5s`, `30m`, `24h`, `180d`. **Sizes** likewise: `512B`, `24KiB`,
  `10MiB`. Whole numbers, numbers, `true` and `false` stand without quotes; numbers are decimal.
- **In the environment** a key is `GROOMER_` and its path in capitals, with `_` for each dot: `lock.ttl` is
  `GROOMER_LOCK_TTL`. Lists are separated by commas. Repositories and families of labels can only stand in the file. An
  unknown `GROOMER_*` variable is an error, so that a slip of the pen is noticed; those that Kubernetes sets for a Service
  named groomer (`GROOMER_SERVICE_HOST`, `GROOMER_PORT_8080_TCP` and the like) are not looked at.
- **Secrets** stand in files of their own, at most 64 KiB, named by the `…_file` keys; line breaks at the end are cut off. Or
  they are in the environment, in the variable without `_FILE`: `GROOMER_GITHUB_TOKEN`. They never stand in the configuration
  or on the command line, and are never shown.
- **Mistakes** are reported all at once, one line each, with file, line and column. Unknown keys, keys written twice, several
  documents in the file and values that contradict one another are mistakes too. `groomer validate` only looks for them.
- **Changes** of the file or of a secret are taken over without a restart, as a whole; a bad file keeps the old
  configuration, and says so in the log and in `groomer_config_last_reload_successful`. Keys marked *restart* keep their old value until then.
- **A repository** may override any part of `policy` and `model` under its own entry; what it does not name is the
  installation's, wherever that was set. A family of labels that it names with `values` is replaced whole; `false` in the
  place of a family (`priority: false`) switches it off. The same goes for the families of the installation and the defaults.
)";

std::string cell(std::string_view text) {
    std::string out;
    for (char c : text) out += c == '|' ? std::string{"\\|"} : std::string(1, c);
    return out;
}

std::string code(std::string_view text) { return text.empty() ? "" : '`' + cell(text) + '`'; }

std::string_view type_name(Type type) {
    switch (type) {
        case Type::text: return "text";
        case Type::integer: return "whole number";
        case Type::number: return "number";
        case Type::boolean: return "boolean";
        case Type::duration: return "duration";
        case Type::size: return "size";
        case Type::choice: return "choice";
        case Type::labels: return "list of labels";
        case Type::secret_file: return "file of a secret";
        case Type::part: break;
    }
    return "structure";
}

std::string limits(Key const& key) {
    switch (key.type) {
        case Type::integer:
        case Type::number:
        case Type::duration:
        case Type::size: return (key.above_min ? "above " : "") + code(key.min) + " to " + code(key.max);
        case Type::choice: {
            std::string out;
            for (char c : key.choices) out += c == '|' ? std::string{"`, `"} : std::string(1, c);
            return '`' + out + '`';
        }
        case Type::boolean: return "`true`, `false`";
        case Type::part: return "";
        default: return cell(key.form->allowed);
    }
}

std::string row(Key const& key) {
    auto const fallback = key.type == Type::labels ? '[' + std::string{key.fallback} + ']' : std::string{key.fallback};
    auto variables = code(environment_name(key));
    if (auto const secret = secret_name(key); !secret.empty()) variables += ", or the secret itself: " + code(secret);
    return "| " + code(key.path) + " | " + std::string{type_name(key.type)} + " | " + code(fallback) + " | " + limits(key) + " | " +
           variables + " | " + cell(key.help) + (key.restart ? " *restart*" : "") + " |\n";
}

// The help as a comment, in lines of readable length.
std::string comment(std::string_view help, std::string const& indent) {
    constexpr std::size_t width = 110;
    std::string out, line;
    for (std::string_view rest = help; !rest.empty();) {
        auto const space = std::min(rest.find(' '), rest.size());
        if (!line.empty() && indent.size() + line.size() + space > width) {
            out += indent + "#" + line + '\n';
            line.clear();
        }
        line += ' ' + std::string{rest.substr(0, space)};
        rest.remove_prefix(std::min(space + 1, rest.size()));
    }
    return out + indent + "#" + line + '\n';
}

bool is_written(KeyTree const& node) {
    if (node.key == nullptr) return std::any_of(node.children.begin(), node.children.end(), is_written);
    return !node.key->fallback.empty() || node.key->type == Type::labels || node.key->path == "database.url";
}

std::string yaml_value(Key const& key) {
    if (key.type != Type::labels) return std::string{key.fallback.empty() ? key.example : key.fallback};
    std::string list;
    for (char c : key.fallback) list += c == ',' ? std::string{", "} : std::string(1, c);
    return '[' + list + ']';
}

std::string example_families(std::string const& indent) {
    std::string out = comment(find_key("policy.labels.*.values")->help, indent) + indent + "labels:\n";
    for (Family const& family : default_families()) {
        out += indent + "  " + family.name + ":\n" + indent + "    values: ";
        bool const status = family.name == "status";
        std::string list;
        for (FamilyValue const& value : family.values)
            list += (list.empty() ? "" : ", ") + (status ? value.role + ": " : std::string{}) + value.label;
        out += (status ? '{' + list + '}' : '[' + list + ']') + '\n';
        out += indent + "    min_precision: " + std::string{find_key("policy.labels.*.min_precision")->fallback} + '\n';
        list.clear();
        for (auto const& label : family.never_set) list += (list.empty() ? "" : ", ") + label;
        out += indent + "    never_set: [" + list + "]\n";
    }
    return out;
}

constexpr std::string_view example_repositories = R"(  - name: octocat/hello-world
    tracker: github
  - name: demo/backlog
    tracker: file
    path: backlog.json
    policy: {mode: apply}
)";

// `commented`: nothing below is written, so its headings are comments as well.
std::string example(KeyTree const& node, std::string const& indent, bool commented) {
    std::string out;
    for (KeyTree const& child : node.children) {
        bool const off = commented || !is_written(child);
        auto const lead = indent + (off && !commented ? "# " : "") + child.name + ':';
        if (child.name == "labels") out += example_families(indent);
        else if (child.key != nullptr) out += comment(child.key->help, indent) + lead + ' ' + yaml_value(*child.key) + '\n';
        else out += lead + '\n' + example(child, indent + (off && !commented ? "#   " : "  "), off);
    }
    return out;
}

}  // namespace

std::string render_example() {
    std::string out;
    auto const tree = key_tree();
    for (Section const& section : sections()) {
        auto const found = std::find_if(tree.children.begin(), tree.children.end(),
                                        [&](KeyTree const& node) { return node.name.substr(0, node.name.find('[')) == section.name; });
        out += (out.empty() ? "" : "\n") + comment(section.help, "") + std::string{section.name} + ":\n";
        out += section.name == "repositories" ? std::string{example_repositories} : example(*found, "  ", false);
    }
    return out;
}

std::string render_reference() {
    std::string out{intro};
    for (Section const& section : sections()) {
        out += "\n## " + std::string{section.name} + "\n\n" + std::string{section.help} + "\n\n";
        out += "| Key | Type | Default | Allowed | Environment | Meaning |\n|---|---|---|---|---|---|\n";
        for (Key const& key : keys())
            if (key.path.substr(0, key.path.find_first_of(".[")) == section.name) out += row(key);
    }
    return out + "\n## All of it, with the defaults\n\n```yaml\n" + render_example() + "```\n";
}

}  // namespace groomer::config
