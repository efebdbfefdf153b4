"""lesson() and solution(): the pattern that every lesson follows, once.

An exercise NAME is three files: NAME.h, NAME.cc with the hole, and NAME_test.cc
in the lesson only. The BUILD file of a lesson and that of its solution hold the
same table; only the macro's name differs.

    lesson(
        name = "02_connection",
        exercises = {
            "get_movie": ["//proto:movies_cc_grpc"],
        },
        libraries = {
            "movie_service": ["//proto:movie_store", "//proto:movies_cc_grpc"],
        },
        binaries = {
            "client": [":get_movie", "@com_google_absl//absl/flags:parse"],
            "server": [":movie_service"],
        },
        test_deps = ["//support:test_server"],
    )

What it makes, in lessons/NN_concept:

    NN_concept        test_suite of the exercises
    NAME_test         one exercise, red until it is solved; tagged `exercise`
    NAME_red_test     proves that the pristine exercise fails as it should
    DEMO_test         shows something without a hole; passes from the start
    INTEGRATION_test  given code that stands on exercises; tagged `exercise` too
    manifest_test     proves that lesson.textproto and README.md are complete

and in solutions/NN_concept:

    NN_concept        test_suite of the same tests on the solution
    NAME_test         the lesson's test, linked with the solution
    INTEGRATION_test  the same
    wrong_answers/…   one test per patch there: builds, and fails as it should
    programs_test     proves that the server and the client work together
    twin_test         proves that stub and solution differ in the holes only
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

_PUBLIC = ["//visibility:public"]

def _include_own_folder():
    # Stub and solution include "get_movie.h" alike, each finding its own.
    return ["-iquote", native.package_name()]

def _sources(exercises, libraries, binaries):
    """Declares what a lesson and its solution have in common."""
    for name, deps in exercises.items():
        # The header stands alone, so that a test compiles against it without
        # depending on either answer.
        cc_library(
            name = name + "_h",
            hdrs = [name + ".h"],
            visibility = _PUBLIC,
            deps = deps,
        )
        cc_library(
            name = name,
            srcs = [name + ".cc"],
            copts = _include_own_folder(),
            deps = [name + "_h"],
        )
    for name, deps in libraries.items():
        cc_library(
            name = name,
            srcs = native.glob([name + ".cc"]),
            hdrs = [name + ".h"],
            copts = _include_own_folder(),
            visibility = _PUBLIC,
            deps = deps,
        )
    for name, deps in binaries.items():
        cc_binary(
            name = name,
            srcs = [name + ".cc"],
            copts = _include_own_folder(),
            # Clients and servers that are not ours meet them in //interop.
            visibility = _PUBLIC,
            deps = deps,
        )

def _twin_files(exclude):
    native.filegroup(
        name = "twin_files",
        srcs = native.glob(["**"], exclude = exclude),
        visibility = _PUBLIC,
    )

def _slide_files(build_exercises, exclude = []):
    """Declares what a deck may show: see //slides."""
    native.filegroup(
        name = "slide_files",
        srcs = native.glob(["**"], exclude = exclude) + [
            "//{}/{}:twin_files".format(native.package_name(), exercise)
            for exercise in build_exercises
        ],
        visibility = _PUBLIC,
    )

def _integrations(integrations, shards, test_deps, sources, tags = []):
    for integration, deps in integrations.items():
        cc_test(
            name = integration + "_test",
            size = "small",
            srcs = [sources + integration + "_test.cc"],
            copts = _include_own_folder(),
            shard_count = shards.get(integration),
            tags = tags,
            deps = deps + test_deps + ["@com_google_googletest//:gtest_main"],
        )

def _folder():
    return native.package_name().split("/")[1]

def _check_name(name):
    if name != _folder():
        fail("{} is declared in the folder {}".format(name, native.package_name()))

def expect_red_test(name, test, exercise, patch = None):
    """Declares a test that passes if `test` fails the way a learner can read.

    Args:
      name: of the test.
      test: label of the exercise's test, linked with the code to judge.
      exercise: "NN_concept.NAME", which the failure must name.
      patch: the wrong answer that `test` was built with, if it was.
    """
    args = ["--test=$(rootpath {})".format(test), "--exercise=" + exercise]
    data = [test]
    if patch:
        args.append("--wrong_answer=$(rootpath {})".format(patch))
        data.append(patch)
    cc_test(
        name = name,
        size = "small",
        args = args,
        data = data,
        deps = ["//tools/checks:expect_red"],
    )

def lesson(name, exercises, libraries = {}, binaries = {}, demos = {}, integrations = {}, integration_shards = {}, test_deps = [], build_exercises = []):
    """Declares the targets of lessons/NN_concept.

    Args:
      name: "NN_concept", the folder.
      exercises: exercise -> deps of its NAME.h and NAME.cc.
      libraries: given code without a hole -> deps of its .h and .cc.
      binaries: program to run by hand -> deps of its .cc.
      demos: test that shows something without a hole -> its deps.
      integrations: library of `libraries` that stands on exercises, with a test
        that cannot pass before they are solved -> that test's deps, for its
        header. The test is proven on the solution.
      integration_shards: integration -> into how many processes Bazel divides its
        cases, side by side; for those that mostly wait.
      test_deps: what the lesson's tests depend on, besides GoogleTest.
      build_exercises: exercises that are a BUILD file in a folder of that name;
        such a folder's BUILD file ends with a macro like proto_rules_exercise().
    """
    _check_name(name)
    _sources(exercises, libraries, binaries)
    for exercise in exercises:
        cc_library(
            name = exercise + "_test_lib",
            testonly = True,
            srcs = [exercise + "_test.cc"],
            copts = _include_own_folder(),
            visibility = _PUBLIC,
            deps = [
                exercise + "_h",
                "@com_google_googletest//:gtest",
            ] + test_deps,
            alwayslink = True,
        )
        cc_test(
            name = exercise + "_test",
            size = "small",
            tags = ["exercise"],
            deps = [
                exercise + "_test_lib",
                exercise,
                "//support:exercise_main",
            ],
        )
        expect_red_test(
            name = exercise + "_red_test",
            exercise = name + "." + exercise,
            test = exercise + "_test",
        )
    for demo, deps in demos.items():
        cc_test(
            name = demo + "_test",
            size = "small",
            srcs = [demo + "_test.cc"],
            copts = _include_own_folder(),
            deps = deps + test_deps + ["@com_google_googletest//:gtest_main"],
        )
    _integrations(integrations, integration_shards, test_deps, sources = "", tags = ["exercise"])
    native.exports_files([integration + "_test.cc" for integration in integrations])
    for exercise in build_exercises:
        native.test_suite(
            name = exercise + "_test",
            tests = ["//{}/{}:{}_test".format(native.package_name(), exercise, exercise)],
        )
    native.test_suite(
        name = name,
        tests = [exercise + "_test" for exercise in exercises.keys() + build_exercises],
    )
    _twin_files(exclude = [
        "README.md",
        "lesson.textproto",
        "*_test.cc",
        "*.svg",
    ])
    _slide_files(build_exercises)
    cc_test(
        name = "manifest_test",
        size = "small",
        args = [
            "--lesson=" + native.package_name(),
            "--exercises=" + ",".join(exercises.keys() + build_exercises),
        ],
        data = [
            ":slide_files",
            "//slides:decks",
        ],
        deps = ["//tools/checks:manifest_check"],
    )

# Takes what lesson() takes, so that the two BUILD files can be compared.
# buildifier: disable=unused-variable
# buildifier: disable=function-docstring-args
def solution(name, exercises, libraries = {}, binaries = {}, demos = {}, integrations = {}, integration_shards = {}, test_deps = [], build_exercises = []):
    """Declares the targets of solutions/NN_concept; see lesson()."""
    _check_name(name)
    lesson_package = "//lessons/" + name
    _sources(exercises, libraries, binaries)
    for exercise in exercises:
        cc_test(
            name = exercise + "_test",
            size = "small",
            deps = [
                lesson_package + ":" + exercise + "_test_lib",
                exercise,
                "//support:exercise_main",
            ],
        )
        for patch in native.glob(["wrong_answers/{}.*.patch".format(exercise)]):
            _wrong_answer(exercise, patch, lesson_package)
    _integrations(integrations, integration_shards, test_deps, sources = lesson_package + ":")
    for exercise in build_exercises:
        native.test_suite(
            name = exercise + "_test",
            tests = ["//{}/{}:{}_test".format(native.package_name(), exercise, exercise)],
        )
        for patch in native.glob(["wrong_answers/{}.*.patch".format(exercise)]):
            stem = patch[len("wrong_answers/"):-len(".patch")]
            expect_red_test(
                name = "wrong_answers/" + stem + "_test",
                exercise = "{}.{}".format(name, exercise),
                patch = patch,
                test = "@wrong_build_files//{}/{}:{}_test".format(name, stem, exercise),
            )
    native.test_suite(
        name = name,
        tests = [exercise + "_test" for exercise in exercises.keys() + build_exercises],
    )
    _twin_files(exclude = ["wrong_answers/**"])
    _slide_files(build_exercises, exclude = ["wrong_answers/**"])
    if "server" in binaries and "client" in binaries:
        native.sh_test(
            name = "programs_test",
            size = "small",
            srcs = ["//tools/checks:programs_check.sh"],
            args = [
                "$(rootpath :server)",
                "$(rootpath :client)",
            ],
            data = [
                ":client",
                ":server",
            ],
        )
    twins = [
        "//{}/{}:twin_files".format(side, path)
        for side in ["lessons", "solutions"]
        for path in [name] + [name + "/" + exercise for exercise in build_exercises]
    ]
    wrong_answers = native.glob(["wrong_answers/*"])
    cc_test(
        name = "twin_test",
        size = "small",
        args = [
            "--lesson=lessons/" + name,
            "--solution=solutions/" + name,
            "--exercises=" + ",".join(exercises.keys() + build_exercises),
        ] + ["$(rootpaths {})".format(label) for label in twins] + [
            native.package_name() + "/" + patch
            for patch in wrong_answers
        ],
        data = twins + wrong_answers,
        deps = ["//tools/checks:twin_check"],
    )

def _wrong_answer(exercise, patch, lesson_package):
    """Builds `exercise` with `patch` on its solution and expects it to be red."""
    stem = patch[:-len(".patch")]
    source = stem + ".cc"
    native.genrule(
        name = stem + "_source",
        srcs = [
            exercise + ".cc",
            patch,
        ],
        outs = [source],
        cmd = "cp $(location {}.cc) $@ && chmod +w $@ && patch --silent --fuzz=0 $@ $(location {})".format(exercise, patch),
        tags = ["manual"],
    )
    cc_test(
        name = stem + "_binary",
        srcs = [source],
        # What the compiler thinks of a wrong answer is no news.
        copts = _include_own_folder() + ["-w"],
        # Run by the test below, not by itself.
        tags = ["manual"],
        deps = [
            exercise + "_h",
            lesson_package + ":" + exercise + "_test_lib",
            "//support:exercise_main",
        ],
    )
    expect_red_test(
        name = stem + "_test",
        exercise = "{}.{}".format(_folder(), exercise),
        patch = patch,
        test = stem + "_binary",
    )
