"""An exercise whose hole is in a BUILD file: the rules of a .proto.

A BUILD file cannot be tested by linking it. The macro below stands at its end,
looks at the rules that were declared before it, and makes the exercise's test:
while a rule is missing or wrong, one that builds and fails with a sentence;
when all are right, one that uses the generated code.
"""

load("@rules_cc//cc:defs.bzl", "cc_test")
load(":lesson.bzl", "expect_red_test")

def _names(label):
    """Returns the ways in which a BUILD file may write a label of its own."""
    return [label, ":" + label]

def _has(labels, name):
    return bool([label for label in labels or [] if label in _names(name) or label.endswith("//" + name.lstrip("/"))])

def _problem(rules, stem, proto, import_of):
    """Returns the first thing to mend, as a sentence that teaches, or ""."""
    proto_name = stem + "_proto"
    messages_name = stem + "_cc_proto"
    services_name = stem + "_cc_grpc"

    proto_rule = rules.get(proto_name)
    if not proto_rule or proto_rule["kind"] != "proto_library":
        return ("BUILD.bazel declares no proto_library named {}. It names the .proto files and what they import, " +
                "and knows nothing of C++ yet; the other two rules start from it.").format(proto_name)
    if not _has(proto_rule["srcs"], proto):
        return "srcs of {} should name the file {}.".format(proto_name, proto)
    if not _has(proto_rule["deps"], import_of):
        return ("{} imports a file of another proto_library, which must stand in deps of {}: an import " +
                "without its target is like an #include without its library.").format(proto, proto_name)
    if proto_rule.get("strip_import_prefix") != "":
        return ("Others would have to import this file as its whole path from the repository's root. " +
                "strip_import_prefix = \"\" makes it {}, as //proto/BUILD.bazel does; see there why.").format(proto)

    messages = rules.get(messages_name)
    if not messages or messages["kind"] != "cc_proto_library":
        return ("BUILD.bazel declares no cc_proto_library named {}. It runs protoc for C++: the messages, " +
                "in a .pb.h.").format(messages_name)
    if not _has(messages["deps"], proto_name):
        return "{} should have the proto_library {} in deps.".format(messages_name, proto_name)

    services = rules.get("_" + services_name + "_grpc_codegen")
    if not services:
        return ("BUILD.bazel declares no cc_grpc_library named {}. It runs gRPC's plugin of protoc: the stub and " +
                "the service, in a .grpc.pb.h beside the messages.").format(services_name)
    if services["problem"]:
        return services["problem"]
    if not _has([services["proto"]], proto_name):
        return "{} generates code for the services of {}, so that belongs in its srcs.".format(services_name, proto_name)
    if not _has(rules[services_name]["deps"], messages_name):
        return ("The code of {} uses the messages' C++ code, so {} belongs in its deps.").format(services_name, messages_name)
    return ""

def proto_rules_exercise(name, lesson, proto, import_of):
    """Declares the test of an exercise that asks for a .proto's three rules.

    The lesson's BUILD file, the solution's and those of the wrong answers all
    call it, after the hole. The rules' names begin with the .proto's name.

    Args:
      name: the exercise; the test is NAME_test, its source the lesson's.
      lesson: "NN_concept".
      proto: the .proto file, from the exercise's folder.
      import_of: label of the proto_library that `proto` imports from.
    """
    stem = proto.split("/")[-1][:-len(".proto")]
    problem = _problem(native.existing_rules(), stem, proto, import_of)
    source = "{}_test.cc".format(name)
    in_lesson = native.repository_name() == "@" and native.package_name().startswith("lessons/")
    if in_lesson:
        native.exports_files([source])
    cc_test(
        name = name + "_test",
        size = "small",
        srcs = [Label("//lessons/{}/{}:{}".format(lesson, name, source))],
        local_defines = ["PROTO_RULES_PROBLEM='\"{}\"'".format(problem.replace("\"", "\\\""))] if problem else [],
        tags = ["exercise"] if in_lesson else [],
        visibility = ["//visibility:public"],
        deps = ([] if problem else [stem + "_cc_grpc"]) + [
            Label("//support:exercise_main"),
            Label("@com_google_googletest//:gtest"),
        ],
    )
    if in_lesson:
        expect_red_test(
            name = name + "_red_test",
            exercise = lesson + "." + name,
            test = name + "_test",
        )
    native.filegroup(
        name = "twin_files",
        srcs = native.glob(["**"], exclude = ["*_test.cc"]),
        visibility = ["//visibility:public"],
    )
