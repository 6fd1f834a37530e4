#include "tracker/file/labelled_copy.hpp"

#include <gtest/gtest.h>

namespace groomer::tracker::file {
namespace {

TEST(Relabel, keeps_the_bytes_of_label_objects_that_stay) {
    EXPECT_EQ(relabel(R"({"labels":[{"id":1, "name":"a"},{"name":"b"}],"n":1})", {"a", "c"}),
              R"({"labels":[{"id":1, "name":"a"},{"name":"c"}],"n":1})");
}

TEST(Relabel, writes_strings_where_the_labels_were_strings) {
    EXPECT_EQ(relabel(R"({"labels":["a","b"]})", {"b", "c\"d"}), R"({"labels":["b","c\"d"]})");
    EXPECT_EQ(relabel(R"({"labels":["a",{"name":"b"}]})", {"a", "c"}), R"({"labels":["a",{"name":"c"}]})");
}

TEST(Relabel, fills_an_empty_a_null_and_a_missing_list) {
    EXPECT_EQ(relabel(R"({"labels": [ ],"n":1})", {"a"}), R"({"labels": [{"name":"a"}],"n":1})");
    EXPECT_EQ(relabel(R"({"labels":null})", {"a"}), R"({"labels":[{"name":"a"}]})");
    EXPECT_EQ(relabel("{\"n\":1\n}", {"a"}), "{\"n\":1\n,\"labels\":[{\"name\":\"a\"}]}");
}

TEST(Relabel, leaves_an_empty_list_where_the_last_label_goes) {
    EXPECT_EQ(relabel(R"({"labels":[ {"name":"a"} ]})", {}), R"({"labels":[]})");
}

TEST(Relabel, keeps_an_indented_export_indented) {
    EXPECT_EQ(relabel("{\n \"labels\": [\n  {\n   \"name\": \"a\"\n  }\n ]\n}", {"a", "b"}),
              "{\n \"labels\": [\n  {\n   \"name\": \"a\"\n  },\n  {\"name\":\"b\"}\n ]\n}");
}

TEST(Relabel, takes_a_label_that_comes_twice_once_and_leaves_what_is_no_label) {
    EXPECT_EQ(relabel(R"({"labels":["a",5,"a"]})", {"a", "b"}), R"({"labels":["a",5,{"name":"b"}]})");
}

TEST(Relabel, is_not_misled_by_other_labels_keys) {
    EXPECT_EQ(relabel(R"({"x":{"labels":["no"]},"y":"\"labels\":[","labels":["old"],"l\u0061bels":["a"],"z":["labels",[]]})", {"b"}),
              R"({"x":{"labels":["no"]},"y":"\"labels\":[","labels":["old"],"l\u0061bels":["b"],"z":["labels",[]]})");
    EXPECT_EQ(relabel(R"({"labels\"":1 , "n" : -1.5 ,"labels" : [ "a" ] , "e":{}})", {"b"}),
              R"({"labels\"":1 , "n" : -1.5 ,"labels" : [ "b" ] , "e":{}})");
}

}  // namespace
}  // namespace groomer::tracker::file
