package seed

import (
	"math/rand/v2"
	"strings"
)

// Names are put together so that they belong to nobody in particular: a common first name of the
// language and sex, and a surname that for English is made of two syllables and for Spanish is
// one of the most common ones.

func words(s string) []string { return strings.Fields(s) }

var (
	englishWomen = words(`Abigail Agnes Alice Amelia Anita Audrey Beatrice Bernice Carla Cecily Charlotte Clara Cora Daphne
		Deborah Delia Dorothy Edith Eleanor Elsie Esther Eunice Evelyn Faith Fern Florence Frances Georgia Gloria Gwen Harriet Hazel
		Helen Ida Irene Ivy Jean Joyce Judith Kathleen Latisha Lena Leona Lillian Lois Lorraine Mabel Marcia Marian Martha Maxine
		Mildred Monica Nadine Naomi Norma Opal Patrice Pearl Phyllis Rhoda Roberta Rosalind Ruth Selma Sheila Stella Sylvia Tamika
		Thelma Theresa Ursula Velma Verna Violet Wanda Wilma Winifred Yvonne`)
	englishMen = words(`Alan Albert Alvin Andre Arnold Arthur Barry Bernard Bruce Calvin Cecil Chester Clarence Clifford
		Clyde Conrad Curtis Darnell Desmond Donald Douglas Earl Edgar Edmund Elliot Ernest Eugene Everett Felix Floyd Francis Fred
		Gerald Gilbert Glenn Gordon Graham Harold Harvey Herbert Homer Howard Hugh Irving Jerome Julian Keith Kenneth Lamar Lawrence
		Leonard Leroy Lester Lewis Lionel Lloyd Martin Maurice Melvin Merle Milton Mitchell Morris Nathan Neil Norman Oscar Otis
		Percy Quentin Ralph Raymond Reginald Roland Roscoe Rufus Russell Seymour Sidney Stanley Stuart Terrence Theodore Tyrone
		Vernon Victor Virgil Wallace Walter Warren Wendell Wesley Willard`)
	spanishWomen = words(`Adela Alicia Amparo Ángela Beatriz Blanca Carmen Catalina Cecilia Consuelo Dolores Elena Elvira
		Esperanza Estela Eugenia Felicidad Gabriela Graciela Guadalupe Inés Irma Isabel Josefina Juana Leticia Lucía Luz Magdalena
		Manuela Marta Mercedes Mónica Natalia Norma Ofelia Olga Patricia Pilar Raquel Rebeca Rocío Silvia Soledad Susana Teresa
		Verónica Victoria Yolanda`)
	spanishMen = words(`Adrián Agustín Alberto Alejandro Alfonso Andrés Ángel Antonio Armando Arturo Benito Camilo Carlos César
		Cristóbal Diego Domingo Emilio Enrique Esteban Eusebio Felipe Fernando Francisco Gerardo Gonzalo Gregorio Guillermo Héctor
		Hugo Ignacio Ismael Jaime Javier Joaquín Jorge Julián Leonardo Manuel Marcos Mario Mateo Miguel Nicolás Pablo Pedro Rafael
		Ramiro Ramón Raúl Ricardo Roberto Rodrigo Rubén Salvador Samuel Santiago Sergio Tomás Vicente`)
	surnameStarts = words(`Ald Ash Barn Birch Black Brad Bram Brook Burn Cald Carl Chad Cheli Clay Clif Cran Dal Den Dun East Elm
		Fair Farn Fen Gar Glen Gran Green Hal Hart Hather Hay Hazel Hol Hunt Kel Kings Lam Lang Lind Lock Mar Mel Mid Mor Nether New
		North Oak Pem Quar Rad Red Rip Rush Ruther Sand Sel Sher Stan Stock Thorn Tor Under Wake Wal Wex Whit Win Wood Wyn Yar`)
	surnameEnds = words(`berry bourne bridge brook bury by combe cott croft dale den field ford gate ham hurst land ley lock low man
		marsh mere more ridge shaw stead stoke stow ton wade wall well wick worth`)
	spanishFamilies = words(`Aguilar Álvarez Barrera Benítez Cabrera Calderón Campos Cárdenas Carrillo Castillo Castro Cervantes
		Contreras Córdova Cortés Delgado Díaz Domínguez Escobar Espinoza Estrada Figueroa Flores Fuentes Gallegos García Gómez Guerrero
		Gutiérrez Herrera Ibarra Jiménez Juárez Lara León Lozano Luna Maldonado Márquez Medina Mejía Mendoza Mercado Molina Montoya
		Morales Moreno Muñoz Navarro Núñez Ochoa Orozco Ortega Pacheco Padilla Paredes Peña Ponce Quintero Ramírez Ramos Ríos Robles
		Rojas Rosales Rubio Ruiz Salas Salazar Sandoval Serrano Solís Soto Suárez Tapia Téllez Trejo Valdez Vargas Vásquez Villegas
		Zamora Zúñiga`)
	streets     = words(`Alder Aspen Beacon Birch Bluebell Cedar Chestnut Clover Copper Elder Fern Garnet Hawthorn Heron Holly Juniper Lark Larkspur Linden Maple Meadow Mulberry Orchard Plum Quarry Rowan Sage Sorrel Sparrow Spruce Thistle Walnut Willow Wren`)
	streetKinds = words(`Street Avenue Lane Road Court Place Drive Way`)
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func givenName(r *rand.Rand, spanish bool, sex string) string {
	switch {
	case spanish && sex == "female":
		return pick(r, spanishWomen)
	case spanish:
		return pick(r, spanishMen)
	case sex == "female":
		return pick(r, englishWomen)
	}
	return pick(r, englishMen)
}

func familyName(r *rand.Rand, spanish bool) string {
	if spanish {
		return pick(r, spanishFamilies)
	}
	for {
		a, b := pick(r, surnameStarts), pick(r, surnameEnds)
		if !strings.EqualFold(a[len(a)-1:], b[:1]) && !strings.EqualFold(a, b) {
			return a + b
		}
	}
}

// ascii writes a name as it stands in an e-mail address.
var ascii = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ñ", "n", "Á", "a", "É", "e", "Í", "i", "Ó", "o", "Ú", "u", " ", "")
