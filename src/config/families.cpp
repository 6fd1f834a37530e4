#include "config/families.hpp"

#include "base/text.hpp"
#include "config/draft.hpp"

#include <algorithm>

namespace groomer::config {
namespace {

using Kind = YamlNode::Kind;

Origin at(Mark mark) { return {Layer::file, mark, ""}; }

// Reads the values of one family. GitHub does not tell labels apart by case, so neither does the search for doubles.
class ValueReader {
public:
    ValueReader(Family& family, std::string shown, FamilyPlaces& places, Problems& problems)
        : family_{family}, shown_{std::move(shown)}, places_{places}, problems_{problems} {}

    void read(YamlNode const& node) {
        bool const status = family_.name == "status";
        if (node.items.size() + node.entries.size() > most_labels) {
            problems_.add(at(node.mark), shown_, "has more than " + std::to_string(most_labels) + " labels");
            return;
        }
        if (node.kind == Kind::map) {
            for (YamlEntry const& entry : node.entries) status ? role(entry) : meaning(entry);
        } else if (status) {
            problems_.add(at(node.mark), shown_, "must be a map from role to label");
            return;
        } else if (node.kind == Kind::list) {
            for (YamlPtr const& item : node.items) add(*item, {}, "");
        } else {
            problems_.add(at(node.mark), shown_, "must be a list of labels, or a map from label to meaning");
            return;
        }
        if (status) all_roles(node);
        else if (node.items.empty() && node.entries.empty()) problems_.add(at(node.mark), shown_, "a family needs at least one label");
    }

private:
    void role(YamlEntry const& entry) {
        auto const known = std::find(std::begin(status_roles), std::end(status_roles), entry.key) != std::end(status_roles);
        if (known) add(*entry.value, entry.key, "");
        else
            problems_.add(at(entry.mark), shown_,
                          show(entry.key) + " is no role; " + suggestion(entry.key, {std::begin(status_roles), std::end(status_roles)}));
    }

    void meaning(YamlEntry const& entry) {
        YamlNode label;
        label.kind = Kind::scalar;
        label.mark = entry.mark;
        label.text = entry.key;
        bool const is_text = entry.value->kind == Kind::scalar && entry.value->text.size() <= 1000;
        if (is_text || entry.value->kind == Kind::null) add(label, "", entry.value->text);
        else problems_.add(at(entry.value->mark), shown_, "the meaning of a label is a text of at most 1000 bytes");
    }

    void add(YamlNode const& label, std::string const& role, std::string const& meaning) {
        if (label.kind != Kind::scalar || !label_form.valid(label.text)) {
            auto const what = label.kind == Kind::scalar ? show(label.text) : "this";
            problems_.add(at(label.mark), shown_, what + " is not " + std::string{label_form.allowed});
            return;
        }
        auto const same = [&](FamilyValue const& other) { return to_lower(other.label) == to_lower(label.text); };
        if (std::any_of(family_.values.begin(), family_.values.end(), same)) {
            problems_.add(at(label.mark), shown_, show(label.text) + " is there twice");
            return;
        }
        family_.values.push_back({label.text, role, meaning});
        places_.label[{family_.name, label.text}] = label.mark;
    }

    void all_roles(YamlNode const& node) {
        for (std::string_view role : status_roles) {
            auto const has = [&](YamlEntry const& entry) { return entry.key == role; };
            if (std::none_of(node.entries.begin(), node.entries.end(), has))
                problems_.add(at(node.mark), shown_, "the role " + std::string{role} + " is missing");
        }
    }

    Family& family_;
    std::string shown_;
    FamilyPlaces& places_;
    Problems& problems_;
};

void read_never_set(YamlNode const& node, std::string const& shown, Family& family, Problems& problems) {
    auto const labels = read_value(*find_key("policy.labels.*.never_set"), node, shown, problems);
    if (!labels) return;
    family.never_set = std::get<std::vector<std::string>>(*labels);
    for (YamlPtr const& item : node.items) {
        auto const same = [&](FamilyValue const& value) { return value.label == item->text; };
        if (std::none_of(family.values.begin(), family.values.end(), same))
            problems.add(at(item->mark), shown, show(item->text) + " is none of the values of " + family.name);
    }
}

YamlPtr child(YamlNode const& node, std::string_view name) {
    auto const found = std::find_if(node.entries.begin(), node.entries.end(), [&](YamlEntry const& e) { return e.key == name; });
    return found == node.entries.end() ? nullptr : found->value;
}

// What is a person's to set unless it is configured otherwise: the top priority, and whatever speaks of security.
std::vector<std::string> left_to_people(Family const& family) {
    std::vector<std::string> out;
    for (FamilyValue const& value : family.values) {
        bool const top = family.name == "priority" && &value == &family.values.front();
        if (top || to_lower(value.label).find("security") != std::string::npos) out.push_back(value.label);
    }
    return out;
}

void read_family(YamlNode const& node, std::string const& shown, Family& family, FamilyPlaces& places, Problems& problems) {
    std::vector<std::string> const known{"values", "min_precision", "never_set", "promoted"};
    for (YamlEntry const& entry : node.entries)
        if (std::find(known.begin(), known.end(), entry.key) == known.end())
            problems.add(at(entry.mark), shown + '.' + show_key(entry.key), "unknown key; " + suggestion(entry.key, known));
    if (auto const values = child(node, "values")) {
        family = Family{family.name, {}, Family{}.min_precision, {}, family.promoted};
        ValueReader{family, shown + ".values", places, problems}.read(*values);
        family.never_set = left_to_people(family);
    } else if (family.values.empty()) {
        problems.add(at(places.family[family.name]), shown, "a family needs values");
    }
    if (auto const precision = child(node, "min_precision"))
        if (auto const value = read_value(*find_key("policy.labels.*.min_precision"), *precision, shown + ".min_precision", problems))
            family.min_precision = std::get<double>(*value);
    if (auto const promoted = child(node, "promoted"))
        if (auto const value = read_value(*find_key("policy.labels.*.promoted"), *promoted, shown + ".promoted", problems))
            family.promoted = std::get<bool>(*value);
    if (auto const never = child(node, "never_set")) read_never_set(*never, shown + ".never_set", family, problems);
}

bool is_family_name(std::string_view name) {
    return !name.empty() && name.size() <= 32 && name.front() >= 'a' && name.front() <= 'z' &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string_view::npos;
}

void read_entry(YamlEntry const& entry, std::string const& shown, std::vector<Family>& families, FamilyPlaces& places, Problems& problems) {
    if (!is_family_name(entry.key)) {
        problems.add(at(entry.mark), shown,
                     show(entry.key) + " is no name for a family: a lower-case letter, then up to 31 letters, digits, _ or -");
        return;
    }
    auto found = std::find_if(families.begin(), families.end(), [&](Family const& family) { return family.name == entry.key; });
    if (entry.value->kind == Kind::scalar && entry.value->text == "false" && !entry.value->quoted) {
        if (found != families.end()) families.erase(found);
        return;
    }
    if (entry.value->kind != Kind::map) {
        problems.add(at(entry.value->mark), shown + '.' + entry.key,
                     "must be a map with values, min_precision, never_set and promoted, or false for no such family");
        return;
    }
    if (found == families.end()) found = families.insert(found, Family{entry.key, {}, Family{}.min_precision, {}, true});
    places.family[entry.key] = entry.mark;
    read_family(*entry.value, shown + '.' + entry.key, *found, places, problems);
}

}  // namespace

std::vector<Family> default_families() {
    return {
        {"type", {{"type/bug", "", ""}, {"type/feature", "", ""}, {"type/question", "", ""}}, 0.9, {}},
        {"priority",
         {{"priority/p0", "", ""}, {"priority/p1", "", ""}, {"priority/p2", "", ""}, {"priority/p3", "", ""}},
         0.9,
         {"priority/p0"}},
        {"status",
         {{"status/ready", "ready", ""},
          {"status/needs-info", "needs_info", ""},
          {"status/backlog", "backlog", ""},
          {"status/blocked", "blocked", ""},
          {"status/done", "already_done", ""}},
         0.9,
         {}},
    };
}

void read_families(YamlNode const& node, std::string const& shown, std::vector<Family>& families, FamilyPlaces& places,
                   Problems& problems) {
    if (node.kind == Kind::null) return;
    if (node.kind != Kind::map) {
        problems.add(at(node.mark), shown, "must be a map from the name of a family to its values");
        return;
    }
    if (node.entries.size() > most_families) {
        problems.add(at(node.mark), shown, "has more than " + std::to_string(most_families) + " families");
        return;
    }
    for (YamlEntry const& entry : node.entries) read_entry(entry, shown, families, places, problems);
}

}  // namespace groomer::config
