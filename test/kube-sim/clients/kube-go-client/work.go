package main

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/retry"
)

// work is the life of two objects by the dynamic client, as its informer sees it.
func work(w world) {
	client := w.dynamic.Resource(things).Namespace(namespace)
	ctx, stop := context.WithCancel(w.ctx)
	defer stop()
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(w.dynamic, 0, namespace, nil)
	informer := factory.ForResource(things)
	seen := journalOf(informer.Informer())
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	created, err := client.Create(ctx, thing("one", map[string]any{"note": "new"}), metav1.CreateOptions{})
	check(err)
	tell("defaults", created.Object["spec"])
	_, err = client.Create(ctx, thing("one", nil), metav1.CreateOptions{})
	tell("already exists", apierrors.IsAlreadyExists(err))
	_, err = client.Create(ctx, thing("Wrong_Name", map[string]any{"size": "large"}), metav1.CreateOptions{})
	tell("invalid", apierrors.IsInvalid(err))
	seen.until(w, "add one")

	_, err = client.Patch(ctx, "one", types.MergePatchType, []byte(`{"spec":{"size":2}}`), metav1.PatchOptions{})
	check(err)
	seen.until(w, "update one 2")
	_, err = client.Patch(ctx, "one", types.JSONPatchType,
		[]byte(`[{"op":"test","path":"/spec/size","value":2},{"op":"replace","path":"/spec/size","value":3}]`), metav1.PatchOptions{})
	check(err)
	seen.until(w, "update one 3")
	_, err = client.Patch(ctx, "one", types.StrategicMergePatchType, []byte(`{}`), metav1.PatchOptions{})
	tell("strategic", apierrors.IsUnsupportedMediaType(err))

	tell("conflicts", conflicting(ctx, w))
	seen.until(w, "update one 4")
	status := must(client.Get(ctx, "one", metav1.GetOptions{}))
	check(unstructured.SetNestedField(status.Object, "Up", "status", "phase"))
	after := must(client.UpdateStatus(ctx, status, metav1.UpdateOptions{}))
	tell("status", fmt.Sprint(after.Object["status"], after.GetGeneration()))
	seen.until(w, "update one 4")

	finalizers(ctx, w, seen)
	listed := must(client.List(ctx, metav1.ListOptions{LabelSelector: "by=go", Limit: 1}))
	tell("list", fmt.Sprint(len(listed.Items), listed.GetContinue() == ""))
	until(w, "the lister", func() bool {
		objects, err := informer.Lister().List(labels.Everything())
		return err == nil && len(objects) == 1
	})
	check(client.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "by=go"}))
	seen.until(w, "delete one")
	_, err = client.Get(ctx, "one", metav1.GetOptions{})
	tell("not found", apierrors.IsNotFound(err))
	tell("seen", seen.all())
}

// conflicting writes an object that somebody else has written in between, until it succeeds: how often it tried.
func conflicting(ctx context.Context, w world) int {
	client := w.dynamic.Resource(things).Namespace(namespace)
	attempts := 0
	check(retry.RetryOnConflict(retry.DefaultRetry, func() error {
		object := must(client.Get(ctx, "one", metav1.GetOptions{}))
		if attempts++; attempts == 1 {
			patch := []byte(`{"metadata":{"labels":{"by":"go"}}}`)
			must(client.Patch(ctx, "one", types.MergePatchType, patch, metav1.PatchOptions{}))
		}
		check(unstructured.SetNestedField(object.Object, int64(4), "spec", "size"))
		_, err := client.Update(ctx, object, metav1.UpdateOptions{})
		return err
	}))
	return attempts
}

// finalizers keep an object until whoever has set one takes it away.
func finalizers(ctx context.Context, w world, seen *journal) {
	client := w.dynamic.Resource(things).Namespace(namespace)
	held := thing("held", nil)
	held.SetFinalizers([]string{"example.test/hold"})
	uid := must(client.Create(ctx, held, metav1.CreateOptions{})).GetUID()
	seen.until(w, "add held")
	wrong := types.UID("another")
	err := client.Delete(ctx, "held", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &wrong}})
	tell("precondition", apierrors.IsConflict(err))
	check(client.Delete(ctx, "held", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}}))
	seen.until(w, "update held ending")
	tell("ending", must(client.Get(ctx, "held", metav1.GetOptions{})).GetDeletionTimestamp() != nil)
	must(client.Patch(ctx, "held", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}))
	seen.until(w, "delete held ending")
}

func thing(name string, spec map[string]any) *unstructured.Unstructured {
	if spec == nil {
		spec = map[string]any{}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "example.test/v1",
		"kind":       "Thing",
		"metadata":   map[string]any{"name": name},
		"spec":       spec,
	}}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

// journalOf writes down what an informer tells, one line each.
func journalOf(informer cache.SharedInformer) *journal {
	seen := &journal{}
	must(informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { seen.add("add", object) },
		UpdateFunc: func(_, object any) { seen.add("update", object) },
		DeleteFunc: func(object any) { seen.add("delete", object) },
	}))
	return seen
}
