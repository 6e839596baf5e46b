package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/metadata/metadatainformer"
)

// secrets is the typed client and its informers.
func secrets(w world) {
	ctx, stop := context.WithCancel(w.ctx)
	defer stop()
	factory := informers.NewSharedInformerFactoryWithOptions(w.typed, 0, informers.WithNamespace(namespace))
	seen := journalOf(factory.Core().V1().Secrets().Informer())
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	client := w.typed.CoreV1().Secrets(namespace)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{GenerateName: "go-"}, StringData: map[string]string{"a": "b"}}
	created := must(client.Create(ctx, secret, metav1.CreateOptions{}))
	tell("secret", fmt.Sprint(string(created.Data["a"]), " ", created.Type, " ", len(created.Name)))
	seen.until(w, "add "+created.Name)
	patched := must(client.Patch(ctx, created.Name, types.StrategicMergePatchType, []byte(`{"stringData":{"c":"d"}}`), metav1.PatchOptions{}))
	tell("strategic secret", fmt.Sprint(len(patched.Data)))
	seen.until(w, "update "+created.Name)
	must(factory.Core().V1().Secrets().Lister().Secrets(namespace).Get(created.Name))
	check(client.Delete(ctx, created.Name, metav1.DeleteOptions{}))
	seen.until(w, "delete "+created.Name)
	tell("secret events", len(seen.all()))
}

// metadataOnly is how a garbage collector looks at objects of any kind.
func metadataOnly(w world) {
	ctx, stop := context.WithCancel(w.ctx)
	defer stop()
	client := w.dynamic.Resource(things).Namespace(namespace)
	must(client.Create(ctx, thing("before", nil), metav1.CreateOptions{}))
	factory := metadatainformer.NewSharedInformerFactory(w.metadata, 0)
	seen := journalOf(factory.ForResource(things).Informer())
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	seen.until(w, "add before")
	must(client.Create(ctx, thing("after", nil), metav1.CreateOptions{}))
	seen.until(w, "add after")
	check(w.metadata.Resource(things).Namespace(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}))
	until(w, "both deleted", func() bool { return len(seen.all()) == 4 })
	tell("metadata", seen.all()[:2])
}
