from __future__ import annotations

from lcli.resources.code import Code
from lcli.resources.layer import layer
from lcli.resources.model import Place, Ref

NAME = "photos-prod-imaging"


def imaging(app, source="one", **settings):
    return layer(app.place, "imaging", Code(app.zip(source)), **settings)


def with_layer(app, one):
    uses = {"settings": {"Layers": (Ref(one.key, "arn"),)}, "needs": (one.key,)}
    return [one, *app.resources(**uses)]


def test_published_once_for_the_function_that_uses_it(app):
    one = imaging(app, runtimes=["python3.13"])
    assert app.deploy(with_layer(app, one))[0] == f"create layer {NAME}"
    assert app.deploy(with_layer(app, one)) == []
    function = app.boto3("lambda").get_function_configuration(FunctionName="photos-prod-thumbnail")
    arn = app.place.arn("lambda", f"layer:{NAME}:1")
    assert [used["Arn"] for used in function["Layers"]] == [arn]


def test_new_content_is_a_new_version_and_the_old_one_stays(app):
    app.deploy(with_layer(app, imaging(app)))
    changed = imaging(app, "two")
    function = "photos-prod-thumbnail"
    assert app.deploy(with_layer(app, changed)) == [
        f"replace layer {NAME}",
        f"update function {function}",
        f"replace version {function}",
        f"update alias {function}:live",
    ]
    assert app.deploy(with_layer(app, changed)) == []
    versions = app.boto3("lambda").list_layer_versions(LayerName=NAME)["LayerVersions"]
    assert [one["Version"] for one in versions] == [2, 1]


def test_its_licence_is_part_of_a_version(app):
    def licences():
        found = app.boto3("lambda").list_layer_versions(LayerName=NAME)["LayerVersions"]
        return [one.get("LicenseInfo") for one in found]

    app.deploy([imaging(app, license_info="MIT")])
    assert licences() == ["MIT"]
    assert app.deploy([imaging(app, license_info="MIT")]) == []
    assert app.deploy([imaging(app)]) == [f"replace layer {NAME}"]
    assert licences() == [None, "MIT"]


def test_one_that_left_the_manifest_goes_with_all_versions(app):
    app.deploy([imaging(app)])
    app.deploy([imaging(app, "two")])
    blob = app.zip("theirs").path.read_bytes()
    client = app.boto3("lambda")
    client.publish_layer_version(LayerName="photos-prod-theirs", Content={"ZipFile": blob})
    assert app.deploy([]) == [f"delete unused_layer {NAME}"]
    left = [one["LayerName"] for one in client.list_layers()["Layers"]]
    assert left == ["photos-prod-theirs"]


def test_one_of_someone_else_is_refused(app):
    blob = app.zip("theirs").path.read_bytes()
    app.boto3("lambda").publish_layer_version(LayerName=NAME, Content={"ZipFile": blob})
    assert [one.what for one in app.plan([imaging(app)]).refusals] == [
        f"layer {NAME} exists already and belongs to someone else"
    ]


def test_another_app_whose_name_is_ours_with_the_stage_keeps_its_layer(app):
    mine = Place("photos", "prod", app.place.region, app.place.account, local=True)
    others = Place("photos-prod", "", app.place.region, app.place.account, local=True)
    app.place = others
    app.deploy([imaging(app)])
    app.place = mine
    assert app.deploy([]) == []
    assert [one.what for one in app.plan([imaging(app)]).refusals] == [
        f"layer {NAME} exists already and belongs to lcli app photos-prod"
    ]
