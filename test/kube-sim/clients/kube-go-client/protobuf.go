package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// protobuf is how controllers are set up: every body goes as protobuf, and that is what they would like to get.
func protobuf(w world) {
	config := rest.CopyConfig(w.config)
	config.ContentType = runtime.ContentTypeProtobuf
	client := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps(namespace)
	object := must(client.Create(w.ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "proto", Labels: map[string]string{"a": ""}, Finalizers: []string{"example.test/hold"}},
		Data:       map[string]string{"empty": "", "a": "b"},
		BinaryData: map[string][]byte{"c": {0, 255}},
	}, metav1.CreateOptions{}))
	object.Data["a"] = "c"
	object = must(client.Update(w.ctx, object, metav1.UpdateOptions{}))
	tell("protobuf", fmt.Sprint(object.Labels, object.Data, object.BinaryData, len(object.ManagedFields)))

	_, err := client.Update(w.ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "none"}}, metav1.UpdateOptions{})
	tell("protobuf not found", apierrors.IsNotFound(err))
	wrong := types.UID("another")
	err = client.Delete(w.ctx, "proto", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &wrong}})
	tell("protobuf precondition", apierrors.IsConflict(err))
	background := metav1.DeletePropagationBackground
	check(client.Delete(w.ctx, "proto", metav1.DeleteOptions{PropagationPolicy: &background}))
	must(client.Patch(w.ctx, "proto", types.JSONPatchType, []byte(`[{"op":"remove","path":"/metadata/finalizers"}]`), metav1.PatchOptions{}))
	listed := must(client.List(w.ctx, metav1.ListOptions{FieldSelector: "metadata.name=proto"}))
	tell("protobuf gone", len(listed.Items) == 0)
}
