package main

import (
	"sort"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/restmapper"
)

// discover finds the kinds, and where objects of a kind are served.
func discover(w world) {
	client := w.typed.Discovery()
	_, lists, err := client.ServerGroupsAndResources()
	check(err)
	var names []string
	for _, resource := range discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "watch", "create"}}, lists) {
		for _, one := range resource.APIResources {
			names = append(names, one.Name+" "+resource.GroupVersion)
		}
	}
	sort.Strings(names)
	tell("kinds", names)

	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client))
	mapping, err := mapper.RESTMapping(schema.GroupKind{Group: things.Group, Kind: "Thing"})
	check(err)
	tell("mapping", mapping.Resource.String()+" "+string(mapping.Scope.Name()))

	paths, err := client.OpenAPIV3().Paths()
	check(err)
	document, err := paths["apis/example.test/v1"].Schema("application/json")
	check(err)
	tell("openapi", len(document) > 1000)
}
